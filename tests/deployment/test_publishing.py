"""What each shape of project publishes, which sources are named, and what is not built yet.

The expectations of the tables were compared with `vercel dev` 64.0.2 wherever it can run them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.routing_support import show
from vercel_emu.check.check import check_project
from vercel_emu.deployment.building import build_steps
from vercel_emu.deployment.deploy import Deployment, deploy, published_folders
from vercel_emu.deployment.public_files import Mount
from vercel_emu.deployment.routing import RouteRequest, route
from vercel_emu.errors import EmuError
from vercel_emu.options import Options
from vercel_emu.project.load import load_project
from vercel_emu.project.vercel_json.reader import parse_vercel_config

HANDLER = "class handler: ...\n"
API = {"api/hello.py": HANDLER, "lib/secret.py": "K = 1\n", "index.html": "root"}
VITE = '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "5"}}'
STATIC_BUILD = "@vercel/static-build"


def deployed(
    root: Path,
    files: Mapping[str, str],
    config: Mapping[str, Any] | None = None,
    *mounts: Mount,
) -> Deployment:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    if config is not None:
        (root / "vercel.json").write_text(json.dumps(config))
    parsed = parse_vercel_config(json.loads(json.dumps(config or {})))
    return deploy(load_project(root, parsed, environ={}), parsed, Options(), mounts)


def ends(deployment: Deployment, path: str) -> str:
    """Where a GET of `path` ends, in one line."""
    request = RouteRequest("GET", path, "", [(b"host", b"example.com")])
    outcome = route(deployment.routing, request, deployment.files)
    return show(outcome, deployment.project.root)


def builds(*entries: tuple[str, str, str | None], **more: Any) -> dict[str, Any]:
    listed = [
        {"src": src, "use": use, **({"config": {"distDir": dist}} if dist else {})}
        for src, use, dist in entries
    ]
    return {"builds": listed, **more}


SHAPES: list[tuple[str, dict[str, str], dict[str, Any] | None, dict[str, str]]] = [
    (
        "vite, not built",
        {"package.json": VITE, **API},
        None,
        {"/": "404", "/lib/secret.py": "404", "/api/hello": "fn api/hello /api/hello"},
    ),
    (
        "vite, built",
        {"package.json": VITE, **API, "dist/index.html": "", "dist/assets/a.js": ""},
        None,
        {
            "/": "file dist/index.html",
            "/assets/a.js": "file dist/assets/a.js",
            "/dist/index.html": "404",
            "/lib/secret.py": "404",
            "/deep/link": "404",
        },
    ),
    (
        "vite with another output",
        {"package.json": VITE, **API, "out/index.html": "", "dist/x.html": ""},
        {"outputDirectory": "out"},
        {"/": "file out/index.html", "/x.html": "404", "/lib/secret.py": "404"},
    ),
    (
        "next",
        {"package.json": '{"dependencies": {"next": "15"}}', **API, "public/logo.svg": ""},
        None,
        {"/": "404", "/logo.svg": "file public/logo.svg", "/lib/secret.py": "404"},
    ),
    (
        "create-react-app answers every path",
        {
            "package.json": '{"dependencies": {"react-scripts": "5"}}',
            **API,
            "build/index.html": "",
            "build/a.js": "",
        },
        None,
        {
            "/": "file build/index.html",
            "/a.js": "file build/a.js",
            "/deep/link": "file build/index.html",
            "/api/hello": "fn api/hello /api/hello",
            "/api/nope": "404",
        },
    ),
    (
        "a build command",
        {**API, "o/index.html": ""},
        {"buildCommand": "make", "outputDirectory": "o", "framework": None},
        {"/": "file o/index.html", "/lib/secret.py": "404", "/o/index.html": "404"},
    ),
    (
        "a build script makes public",
        {"package.json": '{"scripts": {"build": "x"}}', **API, "public/a.html": ""},
        None,
        {"/a.html": "file public/a.html", "/": "404", "/lib/secret.py": "404"},
    ),
    (
        "an output directory without a build",
        {**API, "web/index.html": ""},
        {"outputDirectory": "web"},
        {"/": "file web/index.html", "/lib/secret.py": "404"},
    ),
    (
        "an output directory that is not there, and no build",
        API,
        {"outputDirectory": "web", "framework": None},
        {"/": "file index.html", "/lib/secret.py": "file lib/secret.py"},
    ),
    (
        "an empty build command",
        {"package.json": VITE, **API},
        {"buildCommand": ""},
        {"/": "file index.html", "/lib/secret.py": "file lib/secret.py", "/package.json": "404"},
    ),
    (
        "the root itself as the output",
        {**API, ".env": "A=1", ".gitignore": "mine.txt", "mine.txt": ""},
        {"buildCommand": "make", "outputDirectory": "."},
        {"/": "file index.html", "/.env": "404", "/vercel.json": "404", "/mine.txt": "404"},
    ),
    (
        "an app publishes public alone",
        {
            "requirements.txt": "flask",
            "app.py": "app = 1\n",
            "index.html": "",
            "package.json": VITE,
        },
        {"framework": "flask"},
        {"/index.html": "app /index.html", "/app.py": "app /app.py"},
    ),
    (
        "a script of static-build",
        {"build.sh": "", "dist/static/a.css": "", "dist/index.html": ""},
        builds(("build.sh", STATIC_BUILD, None), routes=[{"src": "/s/(.*)", "dest": "/static/$1"}]),
        {
            "/": "file dist/index.html",
            "/s/a.css": "file dist/static/a.css",
            "/build.sh": "404",
            "/dist/index.html": "404",
        },
    ),
    (
        "static-build in a subfolder",
        {"web/build.sh": "", "web/out/index.html": "", "web/out/deep/x.txt": ""},
        builds(("web/build.sh", STATIC_BUILD, "out")),
        {
            "/": "404",
            "/web": "file web/out/index.html",
            "/web/deep/x.txt": "file web/out/deep/x.txt",
            "/index.html": "404",
        },
    ),
    (
        "static-build of a package.json",
        {"package.json": '{"scripts": {"build": "x"}}', "public/index.html": ""},
        builds(("package.json", STATIC_BUILD, None)),
        {"/": "file public/index.html", "/package.json": "404"},
    ),
    (
        "static-build of a package.json prefers dist",
        {"package.json": "{}", "public/a.txt": "", "dist/b.txt": ""},
        builds(("./package.json", "@now/static-build@1", None)),
        {"/a.txt": "404", "/b.txt": "file dist/b.txt"},
    ),
    (
        "static-build beside Python and static",
        {"app.py": "app = 1\n", "b.sh": "", "out/x.css": "", "pub/p.txt": ""},
        builds(
            ("app.py", "@vercel/python", None),
            ("b.sh", STATIC_BUILD, "out"),
            ("pub/**", "@vercel/static", None),
            routes=[{"handle": "filesystem"}, {"src": "/(.*)", "dest": "app.py"}],
        ),
        {"/x.css": "file out/x.css", "/pub/p.txt": "file pub/p.txt", "/y": "app /y"},
    ),
    (
        "static-build of nothing else",
        {"b.sh": "", ".env": "A=1", "x.html": ""},
        builds(("b.sh", STATIC_BUILD, ".")),
        {"/x.html": "file x.html", "/.env": "404", "/vercel.json": "404"},
    ),
    (
        "no functions",
        {"index.html": "", "sub/a.txt": "", "404.html": ""},
        {
            "redirects": [{"source": "/r", "destination": "/sub/a.txt"}],
            "rewrites": [{"source": "/w", "destination": "/sub/a.txt"}],
            "headers": [{"source": "/(.*)", "headers": [{"key": "x-a", "value": "b"}]}],
        },
        {
            "/": "file index.html | x-a: b",
            "/r": "308 /sub/a.txt",
            "/w": "file sub/a.txt | x-a: b",
            "/sub": "404 404.html | x-a: b",
            "/nope": "404 404.html | x-a: b",
        },
    ),
]


@pytest.mark.parametrize(
    ("files", "config", "path", "expected"),
    [
        pytest.param(files, config, path, expected, id=f"{name}: {path}")
        for name, files, config, paths in SHAPES
        for path, expected in paths.items()
    ],
)
def test_where_a_path_ends(
    tmp_path: Path,
    files: dict[str, str],
    config: dict[str, Any] | None,
    path: str,
    expected: str,
) -> None:
    assert ends(deployed(tmp_path, files, config), path) == expected


# -- Django under `builds` -----------------------------------------------------------------------

ROUTES = [{"src": "/static/(.*)", "dest": "/static/$1"}, {"src": "/(.*)", "dest": "web/wsgi.py"}]


@pytest.mark.parametrize("routes", [ROUTES, ROUTES[1:]], ids=["with a route", "without"])
def test_a_mount_of_the_framework_comes_before_the_app(
    tmp_path: Path, routes: list[dict[str, str]]
) -> None:
    files = {"web/wsgi.py": "app = 1\n", "b.sh": "", "assets/a.css": "new", "other/b.css": ""}
    files |= {"out/static/a.css": "old", "out/static/c.css": ""}
    config = builds(
        ("web/wsgi.py", "@vercel/python", None), ("b.sh", STATIC_BUILD, "out"), routes=routes
    )
    django = Mount(tmp_path / "assets", "/static/", before_app=True)
    found = deployed(tmp_path, files, config, django, Mount(tmp_path / "other", "/static/"))
    assert ends(found, "/static/a.css") == "file assets/a.css"
    assert ends(found, "/static/%61.css") == "file assets/a.css"
    assert ends(found, "/page") == "app /page"
    if routes is ROUTES:
        assert ends(found, "/static/c.css") == "file out/static/c.css"
        assert ends(found, "/static/nope.css") == "404"
    else:
        for path in ("/static/b.css", "/static/c.css", "/static/nope.css"):
            assert ends(found, path) == f"app {path}"


def test_django_is_recognised_among_builds(tmp_path: Path) -> None:
    manage = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "web.settings")\n'
    manage += "from django.core.management import execute_from_command_line\n"
    settings = 'STATIC_URL = "/static/"\nSTATIC_ROOT = "out"\nWSGI_APPLICATION = "web.wsgi.app"\n'
    files = {"manage.py": manage, "web/settings.py": settings, "web/wsgi.py": "app = 1\n"}
    found = deployed(tmp_path, files, builds(("web/wsgi.py", "@vercel/python", None)))
    assert found.project.django is not None
    assert found.project.django.settings_module == "web.settings"
    assert [one.entrypoint.file for one in found.project.functions] == ["web/wsgi.py"]


# -- warnings ------------------------------------------------------------------------------------

CATCH_ALL = {"routes": [{"src": "/(.*)", "dest": "/api/hello.py"}], "framework": None}
REDIRECTED = {"redirects": [{"source": "/lib/(.*)", "destination": "/"}], "framework": None}
SINGLE_PAGE = {"rewrites": [{"source": "/(.*)", "destination": "/index.html"}], "framework": None}
HEADERS = {"source": "/(.*)", "headers": [{"key": "x-a", "value": "b"}]}
ONE_HOST = {
    "redirects": [
        {
            "source": "/(.*)",
            "destination": "https://example.com/$1",
            "has": [{"type": "host", "value": "old.example.com"}],
        }
    ],
    "framework": None,
}


@pytest.mark.parametrize(
    ("files", "config", "named"),
    [
        (API, {"framework": None}, "/lib/secret.py"),
        (API, CATCH_ALL, ""),
        (API, REDIRECTED, ""),
        (API, SINGLE_PAGE, "/lib/secret.py"),
        (API, ONE_HOST, "/lib/secret.py"),
        (API, {"headers": [HEADERS], "framework": None}, "/lib/secret.py"),
        ({**API, "a b.py": ""}, {"headers": [HEADERS], "framework": None}, "/a b.py"),
        (API, {"outputDirectory": "web", "framework": None}, "/lib/secret.py"),
        ({**API, "package.json": VITE}, {}, ""),
        (API, {"buildCommand": "make", "framework": None}, ""),
        ({**API, "public/a.txt": ""}, {"framework": None}, ""),
        ({"index.html": "", "notes.py": ""}, {}, "/notes.py"),
        ({"app.py": "app = 1\n", "lib.py": "", "requirements.txt": "flask"}, {}, ""),
        ({"app.py": "app = 1\n"}, builds(("app.py", "@vercel/python", None)), ""),
    ],
)
def test_only_what_a_visitor_gets_is_named_by_dev_and_check(
    tmp_path: Path, files: dict[str, str], config: dict[str, Any], named: str
) -> None:
    deployment = deployed(tmp_path, files, config)
    notices = [one.message for one in deployment.notices() if one.code == "SOURCES_ARE_PUBLIC"]
    report = check_project(tmp_path, {"PATH": "/usr/bin:/bin"})
    findings = [one.message for one in report.findings if one.code == "SOURCE_EXPOSED"]
    assert notices == findings
    assert bool(notices) is bool(named)
    assert not named or named in notices[0]


@pytest.mark.parametrize(
    ("files", "config", "said"),
    [
        (
            {**API, "package.json": VITE},
            {},
            "The front end (vite) is not built: `npm run build` makes dist/",
        ),
        ({**API, "package.json": VITE, "pnpm-lock.yaml": ""}, {}, "`pnpm run build` makes dist/"),
        (API, {"buildCommand": "make", "outputDirectory": "o"}, "`make` makes o/"),
        ({**API, "package.json": VITE, "dist/index.html": ""}, {}, None),
        ({**API, "package.json": '{"dependencies": {"next": "15"}}'}, {}, None),
        (API, {"outputDirectory": "web", "framework": None}, None),
        (
            {"build_files.sh": ""},
            builds(("build_files.sh", STATIC_BUILD, "files")),
            "build_files.sh (@vercel/static-build) has not made files/",
        ),
        ({"b.sh": "", "dist/a.txt": ""}, builds(("b.sh", STATIC_BUILD, None)), None),
    ],
)
def test_one_line_says_what_is_not_built(
    tmp_path: Path, files: dict[str, str], config: dict[str, Any], said: str | None
) -> None:
    notices = deployed(tmp_path, files, config).notices()
    lines = [
        one.message for one in notices if one.code in ("FRONTEND_NOT_BUILT", "STATIC_NOT_BUILT")
    ]
    assert len(lines) == (said is not None)
    assert said is None or said in lines[0]


def test_a_build_that_empties_its_folder_is_not_told_again(tmp_path: Path) -> None:
    found = deployed(tmp_path, {**API, "package.json": VITE, "dist/index.html": ""})
    (tmp_path / "dist" / "index.html").unlink()
    again = found.published_anew()
    assert ends(again, "/") == "404"
    assert again.notices() == found.notices()


@pytest.mark.parametrize(
    ("files", "config", "folders"),
    [
        (API, {}, ("public/",)),
        (API, {"outputDirectory": "./web/"}, ("web/",)),
        ({**API, "package.json": VITE}, {}, ("public/", "dist/")),
        ({"b.sh": ""}, builds(("b.sh", STATIC_BUILD, "out")), ("public/", "out/")),
        ({"b.sh": ""}, builds(("b.sh", STATIC_BUILD, ".")), ("public/",)),
    ],
)
def test_folders_that_hold_no_code(
    tmp_path: Path, files: dict[str, str], config: dict[str, Any], folders: tuple[str, ...]
) -> None:
    found = deployed(tmp_path, files, config)
    assert published_folders(found.project, found.config) == folders


@pytest.mark.parametrize(
    "config",
    [
        builds(("b.sh", STATIC_BUILD, "../other")),
        {"buildCommand": "make", "outputDirectory": "../other"},
        {"buildCommand": "make", "outputDirectory": "a\0b"},
    ],
)
def test_nothing_outside_of_the_project_is_published(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    with pytest.raises(EmuError, match="lies outside") as caught:
        deployed(tmp_path / "project", {"b.sh": "", **API}, config)
    assert caught.value.where is not None


# -- what a build runs ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "config", "steps"),
    [
        ({"package.json": VITE, **API}, {}, ["npm install", "npm run build"]),
        (
            {"package.json": VITE, **API, "node_modules/x/a.js": "", "yarn.lock": ""},
            {},
            ["yarn run build"],
        ),
        (
            {"package.json": VITE, **API},
            {"installCommand": "npm ci", "buildCommand": "make web"},
            ["npm ci", "make web"],
        ),
        ({"package.json": VITE, **API}, {"installCommand": ""}, ["npm run build"]),
        (API, {"buildCommand": "make web", "framework": None}, ["make web"]),
        (API, {"framework": None}, []),
        ({"build.sh": "echo"}, builds(("build.sh", STATIC_BUILD, None)), ["./build.sh"]),
        (
            {"a.sh": "", "web/package.json": '{"scripts": {"build": "x"}}'},
            builds(("a.sh", STATIC_BUILD, None), ("web/package.json", STATIC_BUILD, "o")),
            ["./a.sh", "npm install", "npm run build"],
        ),
        (
            {"app.py": "app = 1\n", "pyproject.toml": '[tool.vercel.scripts]\nbuild = "make"\n'},
            {"framework": "flask"},
            ["make"],
        ),
        (
            {"app.py": "app = 1\n", "pyproject.toml": '[tool.vercel.scripts]\nbuild = "make"\n'},
            {"framework": "flask", "buildCommand": "make more"},
            ["make more"],
        ),
        ({"app.py": "app = 1\n", "requirements.txt": "flask"}, {}, []),
    ],
)
def test_the_steps_of_a_build(
    tmp_path: Path, files: dict[str, str], config: dict[str, Any], steps: list[str]
) -> None:
    found = deployed(tmp_path, files, config)
    assert [step.label for step in build_steps(found.project, found.config)] == steps


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("#!/bin/sh\necho", ("/bin/sh", "./b.sh")),
        ("#! /usr/bin/env bash\necho", ("/usr/bin/env", "bash", "./b.sh")),
        ("#!/bin/sh -eu -x\n", ("/bin/sh", "-eu -x", "./b.sh")),
        ("#!/bin/sh\r\n", ("/bin/sh", "./b.sh")),
    ],
)
def test_a_script_is_read_by_what_its_first_line_names(
    tmp_path: Path, text: str, argv: tuple[str, ...]
) -> None:
    found = deployed(tmp_path, {"b.sh": text}, builds(("b.sh", STATIC_BUILD, None)))
    (step,) = build_steps(found.project, found.config)
    assert step.argv == argv
    assert step.folder == tmp_path


@pytest.mark.parametrize(
    ("files", "src", "message"),
    [
        ({}, "b.sh", "is not there"),
        ({"b.py": ""}, "b.py", 'expected "package.json" or "build.sh"'),
        ({"package.json": "{}"}, "package.json", 'Missing required "vercel-build" script'),
    ],
)
def test_a_build_that_can_t_run(
    tmp_path: Path, files: dict[str, str], src: str, message: str
) -> None:
    found = deployed(tmp_path, files, builds((src, STATIC_BUILD, None)))
    with pytest.raises(EmuError, match=message):
        build_steps(found.project, found.config)
