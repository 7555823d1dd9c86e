"""What a rewrite to a file of `api/` means, beside an app that was found or named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.project.helpers import write
from vercel_emu.deployment.config import load_vercel_config
from vercel_emu.deployment.routing import InvokeFunction, NotFound, RouteRequest, route
from vercel_emu.deployment.routing.compile import compile_routing
from vercel_emu.errors import Where
from vercel_emu.project.load import load_project
from vercel_emu.project.model import Project

APP = "app = object()\n"
THIN = "from app.main import app\n"
TO_INDEX = {"rewrites": [{"source": "/(.*)", "destination": "/api/index"}]}


def project(root: Path, config: dict[str, Any], files: dict[str, str], app: str = "") -> Project:
    write(root, {"requirements.txt": "fastapi", "vercel.json": json.dumps(config), **files})
    return load_project(root, load_vercel_config(root), app=app or None, environ={})


def runs(project: Project) -> list[str]:
    return [f"{one.name} {one.entrypoint.file}" for one in project.functions]


def codes(project: Project) -> list[str]:
    return [warning.code for warning in project.warnings]


def served_by(root: Path, project: Project, path: str) -> tuple[str, str] | None:
    """The function of a request, and the path that the function sees."""
    table = compile_routing(load_vercel_config(root), project.functions)
    request = RouteRequest(method="GET", path=path, query="", headers=[])
    outcome = route(table, request, _NoFiles())
    if isinstance(outcome, NotFound):
        return None
    assert isinstance(outcome, InvokeFunction)
    return outcome.function, outcome.path


class _NoFiles:
    def find(self, path: str) -> Path | None:
        return None

    find_before_app = find


ENTRYPOINTS = ["app.py", "main.py", "src/main.py", "app/main.py", "api/index.py", "api/app.py"]


@pytest.mark.parametrize("entrypoint", ENTRYPOINTS)
@pytest.mark.parametrize(
    "config",
    [
        TO_INDEX,
        {"rewrites": [{"source": "/(.*)", "destination": "/api/index.py"}]},
        {"rewrites": [{"source": "/:path*", "destination": "/api"}]},
        {"rewrites": [{"source": "/(.*)", "destination": "/api/index?path=$1"}]},
        {"routes": [{"src": "/(.*)", "dest": "api/index.py"}]},
        {"routes": [{"src": "/(.*)", "dest": "/api/index.py"}]},
        {"routes": [{"src": "/(.*)", "dest": "api/index"}]},
        {"routes": [{"handle": "filesystem"}, {"src": "/.*", "dest": "/api/index"}]},
        {**TO_INDEX, "functions": {"api/index.py": {"maxDuration": 60}}},
        {**TO_INDEX, "functions": {"api/**/*.py": {"maxDuration": 60}}},
    ],
)
def test_a_rewrite_to_a_function_means_it_wherever_the_app_is(
    tmp_path: Path, entrypoint: str, config: dict[str, Any]
) -> None:
    found = project(tmp_path, config, {"api/index.py": THIN, entrypoint: APP})
    assert "api/index api/index.py" in runs(found)
    assert codes(found) == ["REWRITE_HIDES_PATHS"]
    assert served_by(tmp_path, found, "/health") == ("api/index", "/health")
    if "functions" in config:
        durations = {one.name: one.max_duration for one in found.functions}
        assert durations["api/index"] == 60


def test_the_warning_names_the_rule_the_file_and_both_ways_out(tmp_path: Path) -> None:
    rules = [{"source": "/a", "destination": "/b"}, *TO_INDEX["rewrites"]]
    found = project(tmp_path, {"rewrites": rules}, {"main.py": APP, "api/index.py": THIN})
    (warning,) = found.warnings
    assert warning.where == Where("vercel.json", "rewrites[1]")
    assert 'the framework "fastapi" passes /api/index on' in warning.message
    assert "Here api/index.py runs as a function" in warning.message
    assert '"framework": null in vercel.json' in (warning.hint or "")
    assert "remove the rewrite" in (warning.hint or "")


def test_only_a_part_is_rewritten(tmp_path: Path) -> None:
    config = {"rewrites": [{"source": "/api/(.*)", "destination": "/api/index"}]}
    found = project(tmp_path, config, {"main.py": APP, "api/index.py": THIN})
    assert runs(found) == ["api/index api/index.py"]
    assert served_by(tmp_path, found, "/api/users") == ("api/index", "/api/users")
    assert served_by(tmp_path, found, "/users") is None


def test_several_rewrites_to_several_functions(tmp_path: Path) -> None:
    config = {
        "rewrites": [
            {"source": "/shop/(.*)", "destination": "/api/shop"},
            {"source": "/(.*)", "destination": "/api/site.py"},
        ]
    }
    files = {"app/main.py": APP, "api/shop.py": APP, "api/site.py": THIN, "api/_help.py": APP}
    found = project(tmp_path, config, files)
    assert runs(found) == ["api/shop api/shop.py", "api/site api/site.py"]
    assert "Here api/shop.py, api/site.py run as functions" in found.warnings[0].message
    assert served_by(tmp_path, found, "/shop/1") == ("api/shop", "/shop/1")
    assert served_by(tmp_path, found, "/about") == ("api/site", "/about")


@pytest.mark.parametrize(
    ("config", "files"),
    [
        ({}, {"api/index.py": THIN}),
        ({"rewrites": [{"source": "/(.*)", "destination": "/index.html"}]}, {}),
        (TO_INDEX, {}),
        (TO_INDEX, {"api/index.py": "x = 1\n"}),
        (TO_INDEX, {"api/_index.py": APP}),
        ({"rewrites": [{"source": "/old", "destination": "/new"}]}, {"api/index.py": THIN}),
        ({"rewrites": [{"source": "/(.*)", "destination": "https://x.y/api"}]}, {}),
        ({"rewrites": [{"source": "/v1/:p*", "destination": "/api/:p*"}]}, {"api/[id].py": APP}),
        ({"rewrites": [{"source": "/old", "destination": "/main"}]}, {}),
        ({"redirects": [{"source": "/x", "destination": "/api/index"}]}, {"api/index.py": THIN}),
    ],
)
def test_the_app_stays_where_no_rewrite_certainly_means_a_function(
    tmp_path: Path, config: dict[str, Any], files: dict[str, str]
) -> None:
    found = project(tmp_path, config, {"main.py": APP, **files})
    assert (runs(found), codes(found)) == (["app main.py"], [])


@pytest.mark.parametrize("where", ["vercel.json", ".vercel/project.json"])
def test_a_preset_that_was_chosen_is_believed(tmp_path: Path, where: str) -> None:
    files = {"app/main.py": APP, "api/index.py": THIN}
    config: dict[str, Any] = TO_INDEX
    if where == "vercel.json":
        config = {**TO_INDEX, "framework": "fastapi"}
    else:
        files[where] = json.dumps({"settings": {"framework": "fastapi"}})
    found = project(tmp_path, config, files)
    assert runs(found) == ["app app/main.py"]
    assert codes(found) == ["REWRITE_HIDES_PATHS"]
    assert f'"framework": null instead of what {where} says' in (found.warnings[0].hint or "")
    assert "Here" not in found.warnings[0].message
    assert served_by(tmp_path, found, "/health") == ("app", "/api/index")


@pytest.mark.parametrize("where", ["--app", "[tool.vercel] entrypoint", "[project.scripts] app"])
def test_an_app_that_was_named_is_believed(tmp_path: Path, where: str) -> None:
    files = {"lib/server.py": APP, "api/index.py": THIN}
    if where == "[project.scripts] app":
        # It counts only where no default place has an app.
        files["api/index.py"], files["api/web.py"] = "x = 1\n", THIN
    if where != "--app":
        table, key = (
            ("tool.vercel", "entrypoint") if "tool" in where else ("project.scripts", "app")
        )
        files["pyproject.toml"] = f'[{table}]\n{key} = "lib.server:app"\n'
    target = "/api/web" if where == "[project.scripts] app" else "/api/index"
    config = {"rewrites": [{"source": "/(.*)", "destination": target}]}
    found = project(tmp_path, config, files, "lib.server:app" if where == "--app" else "")
    assert runs(found) == ["app lib/server.py"]
    assert codes(found) == ["REWRITE_HIDES_PATHS"]
    assert found.warnings[0].hint == "Remove that rewrite: the app gets every path without it."


@pytest.mark.parametrize(
    "config",
    [
        {"rewrites": [{"source": "/(.*)", "destination": "/main.py"}]},
        {"rewrites": [{"source": "/(.*)", "destination": "/main"}]},
        {"rewrites": [{"source": "/:path*", "destination": "main.py"}]},
        {"routes": [{"src": "/.*", "dest": "main"}]},
        {"routes": [{"src": "/v1/(.*)", "dest": "main.py"}]},
    ],
)
def test_a_rewrite_to_the_file_of_the_app_hides_the_paths(
    tmp_path: Path, config: dict[str, Any]
) -> None:
    found = project(tmp_path, config, {"main.py": APP})
    assert (runs(found), codes(found)) == (["app main.py"], ["REWRITE_HIDES_PATHS"])


def test_a_django_project_with_the_rewrite_of_the_old_examples(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "django",
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')",
        "site_/settings.py": "WSGI_APPLICATION = 'site_.wsgi.application'\n",
        "site_/wsgi.py": "application = object()\n",
        "api/index.py": "from site_.wsgi import application as app\n",
    }
    found = project(tmp_path, TO_INDEX, files)
    assert runs(found) == ["api/index api/index.py"]
    assert codes(found) == ["REWRITE_HIDES_PATHS"]


def test_builds_name_the_functions_and_no_rewrite_changes_that(tmp_path: Path) -> None:
    config = {
        "builds": [{"src": "main.py", "use": "@vercel/python"}],
        "routes": [{"src": "/(.*)", "dest": "/main.py"}],
    }
    found = project(tmp_path, config, {"main.py": APP, "api/index.py": THIN})
    assert (runs(found), codes(found)) == (["app main.py"], [])
