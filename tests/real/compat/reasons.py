"""Why `vercel dev` answers otherwise than vercel-emu: heads of projects name these by key."""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """One row of the table in docs/differences.md."""

    what: str
    official: str
    here: str
    why: str
    played: bool = True
    """Whether the project can be started with `vercel dev` at all, offline and without harm."""


REASONS = {
    "wsgi-path": Reason(
        "`%C3%A9` in the path of a WSGI app's request",
        "decoded in PATH_INFO, as WSGI says",
        "as it came",
        "The deployed runtime does not decode it; the dev server is werkzeug's.",
    ),
    "does-not-start": Reason(
        "an app that fails at import",
        "`502 NO_RESPONSE_FROM_FUNCTION`",
        "`500 FUNCTION_INVOCATION_FAILED`",
        "A deployment answers so; the dev server says that its own process did not come up.",
    ),
    "run-at-import": Reason(
        "`app.run()` or `uvicorn.run()` at import",
        "never answers",
        "`500 FUNCTION_INVOCATION_FAILED`",
        "A deployed function that does not start in time ends so.",
    ),
    "visitor": Reason(
        "`geolocation()`",
        "nothing",
        "a visitor's place",
        "A deployment's requests have the geographical headers; the dev server sends none.",
    ),
    "sdk": Reason(
        "`vercel.functions` without the package",
        "`502 NO_RESPONSE_FROM_FUNCTION`",
        "the built-in API serves it, with a warning",
        "`check` makes it an error: a deployment has only what is declared.",
    ),
    "env-local": Reason(
        "`.env.local`",
        "not read",
        "read",
        "`vercel env pull` writes it; the dashboard's variables that it holds are a deployment's.",
    ),
    "django-static": Reason(
        "the type of Django's static files",
        "`text/css`",
        "`text/css; charset=utf-8`",
        "Django's own view answers there; in a deployment they are files of the CDN.",
    ),
    "links": Reason(
        "a symbolic link in `public/`",
        "404",
        "the file it leads to, if that is public too",
        "The dev server's list of files leaves links out; a build keeps them.",
    ),
    "slash": Reason(
        "`/api/x/` of `api/x.py` with `cleanUrls`",
        "404",
        "the function",
        "Without `trailingSlash` both forms are served.",
    ),
    "max-duration": Reason(
        "`maxDuration` in `functions`, for a Python file in `api/`",
        "500, `must not contain maxDuration`",
        "kept",
        "Documented, and deployments take it.",
    ),
    "front-end": Reason(
        "a front-end framework's preset",
        "starts `next dev`, `vite` ...",
        "serves the build's output",
        "This is an emulator of the Python functions; run that server beside it.",
        played=False,
    ),
    "build-script": Reason(
        "`@vercel/static-build` with a script",
        "runs the script at start, with whatever `pip` is on PATH",
        "runs it when you say so",
        "The script installs packages and writes files.",
        played=False,
    ),
    "fasthtml": Reason(
        "the preset `fasthtml`",
        "starts `uvicorn main:app --reload` at port 8000 and waits for another port",
        "the app",
        "The preset's own command does not take the port it is given.",
        played=False,
    ),
    "linked": Reason(
        "`.vercel/project.json`",
        "asks the platform for the project's settings, and ends without network",
        "takes the settings in the file",
        "`vercel pull` wrote them there.",
        played=False,
    ),
    "services": Reason(
        "`services`",
        "runs all, with the front end's development server",
        "not emulated",
        "A service's folder can be served alone: `vercel-emu dev FOLDER`.",
        played=False,
    ),
}
