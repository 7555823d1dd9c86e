"""Whole projects of the usual shapes, run as a person runs them."""

from __future__ import annotations

import json
import venv
from pathlib import Path

import pytest

from tests.real.conftest import Emulate
from tests.real.support import Emulation, dev_process, write_project
from vercel_emu import events

APP = """
from shared import NAME

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": f"{NAME} {scope['path']}".encode()})
"""
SHARED = "NAME = 'app'\n"
FUNCTION = APP.replace("from shared import NAME", "NAME = 'function'")


def sources_notices(emulation: Emulation) -> list[events.Notice]:
    """The warnings that sources can be downloaded."""
    return emulation.events.all(events.Notice, lambda event: event.code == "SOURCES_ARE_PUBLIC")


@pytest.mark.parametrize("place", ["src/main.py", "api/index.py"])
def test_an_app_at_a_default_place(emulate: Emulate, place: str) -> None:
    emulation = emulate(
        {place: FUNCTION, "requirements.txt": "fastapi", "public/robots.txt": "none"}
    )
    assert emulation.get("/any/path").text == "function /any/path"
    assert emulation.get("/robots.txt").text == "none"
    assert emulation.get("/requirements.txt").text == "function /requirements.txt"
    assert emulation.get(f"/{place}").text == f"function /{place}"


def test_an_entrypoint_of_pyproject(emulate: Emulate) -> None:
    pyproject = '[project]\nname = "x"\nversion = "0"\n[tool.vercel]\nentrypoint = "pkg.web:app"\n'
    emulation = emulate({"pkg/web.py": APP, "shared.py": SHARED, "pyproject.toml": pyproject})
    assert emulation.get("/a").text == "app /a"


def test_functions_alone_publish_everything_else(emulate: Emulate) -> None:
    files = {
        "api/hello.py": FUNCTION,
        "requirements.txt": "",
        "index.html": "<p>hi</p>",
        "lib/secret.py": "KEY = 1",
        ".env": "A=1",
        "vercel.json": '{"framework": null}',
        ".vercelignore": "private\n*.bak\n",
        "private/notes.txt": "mine",
        ".gitignore": "secrets.txt\n",
        "secrets.txt": "mine",
        "env/pyvenv.cfg": "home = x",
        "old.bak": "mine",
    }
    emulation = emulate(files, reload=True)
    assert emulation.get("/").text == "<p>hi</p>"
    assert emulation.get("/api/hello").text == "function /api/hello"
    assert emulation.get("/lib/secret.py").text == "KEY = 1"
    for path in (
        "/.env",
        "/vercel.json",
        "/private/notes.txt",
        "/old.bak",
        "/secrets.txt",
        "/env/pyvenv.cfg",
    ):
        assert emulation.get(path).status_code == 404, path
    (notice,) = sources_notices(emulation)
    assert "/lib/secret.py" in notice.message
    assert "/requirements.txt" in notice.message
    assert emulation.get("/api/hello.py").text == "function /api/hello.py"

    write_project(emulation.root, {"public/only.txt": "this"})
    assert emulation.get("/only.txt").text == "this"
    assert emulation.get("/lib/secret.py").status_code == 404
    assert emulation.get("/").status_code == 404


def test_a_public_folder_hides_the_sources(emulate: Emulate) -> None:
    files = {"api/hello.py": FUNCTION, "public/index.html": "<p>hi</p>", "lib.py": "x = 1"}
    emulation = emulate(files)
    assert emulation.get("/").text == "<p>hi</p>"
    assert emulation.get("/lib.py").status_code == 404
    assert not sources_notices(emulation)


def test_another_output_directory(emulate: Emulate) -> None:
    rules = json.dumps({"outputDirectory": "dist/web", "framework": "python"})
    files = {"app.py": FUNCTION, "dist/web/x.txt": "x", "public/y.txt": "y", "vercel.json": rules}
    files[".gitignore"] = "dist\n"
    emulation = emulate(files, reload=True)
    assert emulation.get("/x.txt").text == "x"
    assert emulation.get("/y.txt").text == "function /y.txt"
    write_project(emulation.root, {"dist/web/z.txt": "z"})
    assert emulation.get("/z.txt").text == "z"
    assert len(emulation.events.all(events.InstanceReady)) == 1


def test_a_project_without_functions(emulate: Emulate) -> None:
    rules = {
        "redirects": [{"source": "/r", "destination": "/a"}],
        "rewrites": [{"source": "/w", "destination": "/a/index.html"}],
        "headers": [{"source": "/(.*)", "headers": [{"key": "x-rule", "value": "yes"}]}],
    }
    files = {"index.html": "<p>hi</p>", "a/index.html": "a", "vercel.json": json.dumps(rules)}
    emulation = emulate(files, reload=True)
    assert emulation.get("/").text == "<p>hi</p>"
    assert emulation.get("/a").text == emulation.get("/w").text == "a"
    assert emulation.get("/r").headers["location"] == "/a"
    missing = emulation.get("/b")
    assert (missing.status_code, missing.headers["x-rule"]) == (404, "yes")
    assert "NOT_FOUND" in missing.text
    write_project(emulation.root, {"index.html": "new", "404.html": "none"})
    assert emulation.get("/").text == "new"
    assert emulation.get("/b").text == "none"


def test_functions_that_come_later(emulate: Emulate) -> None:
    emulation = emulate({"index.html": "<p>hi</p>", "api/hello.py": ""}, reload=True)
    assert emulation.get("/api/hello").status_code == 404
    # It was there before, and is one only now.
    write_project(emulation.root, {"api/hello.py": FUNCTION})
    assert emulation.get("/api/hello").text == "function /api/hello"
    write_project(emulation.root, {"api/more/new.py": FUNCTION})
    assert emulation.get("/api/more/new").text == "function /api/more/new"
    (emulation.root / "api/hello.py").unlink()
    (emulation.root / "api/more/new.py").unlink()
    assert emulation.get("/api/hello").status_code == 404
    assert emulation.get("/").text == "<p>hi</p>"
    write_project(emulation.root, {"requirements.txt": "fastapi\n", "app.py": FUNCTION})
    assert emulation.get("/").text == "function /"


def test_a_front_end_is_served_as_soon_as_it_is_built(emulate: Emulate) -> None:
    files = {
        "package.json": '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "5"}}',
        "index.html": "source",
        "api/hello.py": FUNCTION,
        "lib/secret.py": "KEY = 1",
        ".gitignore": "dist\n",
    }
    emulation = emulate(files, reload=True)
    (notice,) = emulation.events.all(events.Notice, lambda one: one.code == "FRONTEND_NOT_BUILT")
    assert "`npm run build` makes dist/" in notice.message
    assert emulation.get("/").status_code == 404
    assert emulation.get("/lib/secret.py").status_code == 404
    write_project(emulation.root, {"dist/index.html": "built", "dist/assets/a.js": "a"})
    assert emulation.get("/").text == "built"
    assert emulation.get("/assets/a.js").text == "a"
    assert emulation.get("/api/hello").text == "function /api/hello"
    assert not sources_notices(emulation)


# -- repositories of several projects ------------------------------------------------------------

WORKSPACE = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["services/*", "libs/*"]\n',
    "services/web/pyproject.toml": '[project]\nname = "web"\nversion = "0"\n'
    'dependencies = ["shared"]\n[tool.uv.sources]\nshared = {workspace = true}\n'
    '[tool.vercel]\nentrypoint = "main:app"\n',
    "services/web/main.py": APP,
    "services/web/public/robots.txt": "none",
    "services/web/vercel.json": '{"rewrites": [{"source": "/old", "destination": "/new"}]}',
    "libs/shared/pyproject.toml": '[project]\nname = "shared"\nversion = "0"\n',
    "libs/shared/shared.py": SHARED,
}


def linked(root_directory: str) -> dict[str, str]:
    settings = {"settings": {"rootDirectory": root_directory}, "projectName": "shop"}
    return {".vercel/project.json": json.dumps(settings)}


def test_a_root_directory_of_the_project_settings(emulate: Emulate) -> None:
    files = {**WORKSPACE, "services/web/shared.py": SHARED, **linked("services/web")}
    emulation = emulate(files, reload=True)
    assert emulation.get("/old").text == "app /new"
    assert emulation.get("/robots.txt").text == "none"
    web = emulation.root / "services/web"
    (web / "vercel.json").write_text('{"rewrites": [{"source": "/old", "destination": "/newer"}]}')
    assert emulation.get("/old").text == "app /newer"
    (web / "shared.py").write_text("NAME = 'saved'\n")
    assert emulation.get("/old").text == "saved /newer"


def test_a_folder_is_named_on_the_command_line(tmp_path: Path) -> None:
    write_project(tmp_path, {**WORKSPACE, "services/web/shared.py": SHARED})
    with dev_process(tmp_path / "services/web", {}, "--no-install") as running:
        running.wait_ready()
        assert running.get("/old").text == "app /new"
        assert running.get("/robots.txt").text == "none"


@pytest.mark.parametrize("start", ["services/web", "."], ids=["folder", "root directory"])
def test_a_workspace_shares_its_environment(tmp_path: Path, start: str) -> None:
    """The workspace's `.venv` has its members as editable installs."""
    write_project(tmp_path, {**WORKSPACE, **linked("services/web")})
    venv.create(tmp_path / ".venv", symlinks=True, with_pip=False)
    (packages,) = (tmp_path / ".venv/lib").glob("python*/site-packages")
    (packages / "_shared.pth").write_text(str(tmp_path / "libs/shared"))
    with dev_process(tmp_path / start, {}, "--no-install") as running:
        running.wait_ready()
        assert running.get("/old").text == "app /new"
        (tmp_path / "libs/shared/shared.py").write_text("NAME = 'saved'\n")
        assert running.get("/old").text == "saved /new"


def test_the_rewrite_of_the_old_examples_beside_an_app_and_a_save(emulate: Emulate) -> None:
    files = {
        "app/main.py": APP,
        "shared.py": SHARED,
        "api/index.py": "from app.main import app\n",
        "requirements.txt": "fastapi",
        "vercel.json": '{"rewrites": [{"source": "/(.*)", "destination": "/api/index"}]}',
    }
    emulation = emulate(files, reload=True)
    assert emulation.get("/health").text == "app /health"
    notice = emulation.events.wait(events.Notice, lambda one: one.code == "REWRITE_HIDES_PATHS")
    assert "Here api/index.py runs as a function" in notice.message
    # Once the rewrite is gone, the app gets every path by itself.
    (emulation.root / "vercel.json").write_text("{}")
    assert emulation.get("/other").text == "app /other"
    assert [*emulation.project.pools] == ["app"]


def test_rewrites_of_next_config_and_the_command_that_is_named(emulate: Emulate) -> None:
    files = {
        "api/index.py": FUNCTION,
        "package.json": '{"dependencies": {"next": "15"}}',
        "next.config.js": 'exports.rewrites = () => [{source: "/py/:x*", destination: "/api/"}]\n',
    }
    emulation = emulate(files)
    response = emulation.get("/py/hello", headers={"accept": "text/html"})
    assert response.status_code == 404
    assert "vercel-emu dev --app api.index:app" in response.text
    assert emulation.get("/py/hello").text.startswith("The page could not be found\n\nNOT_FOUND")
    assert emulate(files, app="api.index:app").get("/py/hello").text == "function /py/hello"
