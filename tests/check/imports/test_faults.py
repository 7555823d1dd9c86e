"""Imports that fail in a deployment are named; what only looks like one is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.check.django_project import DJANGO
from tests.check.helpers import ENVIRON, checked, found, stand_in_uv
from vercel_emu.check.check import Report

FLASK = "from flask import Flask\napp = Flask(__name__)\n"
REQUIREMENTS = {"requirements.txt": "flask\n"}


def app(root: Path, source: str, more: dict[str, str] | None = None) -> Report:
    """A Flask app that begins with `source`, beside other files."""
    return checked(root, {**REQUIREMENTS, "app.py": f"{source}\n{FLASK}", **(more or {})})


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("import celery", "celery"),
        ("import numpy as np, json", "numpy"),
        ("from celery.schedules import crontab", "celery"),
        ("import yaml", "pyyaml"),
        ("from PIL import Image", "pillow"),
        ("import cv2", "opencv-python"),
        ("from bs4 import BeautifulSoup", "beautifulsoup4"),
        ("from dotenv import load_dotenv", "python-dotenv"),
        ("import jwt", "pyjwt"),
        ("from google.cloud import storage", "google-cloud-storage"),
        ("import google.generativeai as genai", "google-generativeai"),
        ("from vercel.functions import geolocation", "vercel"),
        ("import vercel", "vercel"),
        ("import flask_login", "flask-login"),
        ("import pkg_resources", "setuptools"),
        ("import imp", "zombie-imp"),
        ("if True:\n    import celery", "celery"),
        ("try:\n    import celery\nexcept ValueError:\n    pass", "celery"),
        ("try:\n    import celery\nexcept ImportError:\n    raise", "celery"),
        ("class Settings:\n    import celery", "celery"),
        ("if __name__ != '__main__':\n    import celery", "celery"),
        ("import importlib\nx = importlib.import_module('celery')", "celery"),
    ],
)
def test_a_package_that_nothing_asks_for(tmp_path: Path, source: str, package: str) -> None:
    (finding,) = app(tmp_path, source).findings
    assert (finding.severity, finding.code) == ("error", "IMPORT_NOT_DECLARED")
    assert f"`{package}`" in finding.message
    assert finding.place.startswith("app.py:")


@pytest.mark.parametrize(
    "source",
    [
        "import json, asyncio, tomllib, concurrent.futures, xml.etree.ElementTree",
        "from __future__ import annotations",
        "import werkzeug, jinja2, click, markupsafe, itsdangerous",
        "from werkzeug.security import generate_password_hash",
        "import vercel_runtime",
        "try:\n    import celery\nexcept ImportError:\n    celery = None",
        "try:\n    import celery\nexcept ModuleNotFoundError as error:\n    print(error)",
        "try:\n    import celery\nexcept (ValueError, ImportError):\n    pass",
        "try:\n    import celery\nexcept Exception:\n    pass",
        "try:\n    import celery\nexcept:\n    pass",
        "try:\n    import json\nexcept ImportError:\n    import celery",
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import celery",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import celery",
        "import typing as t\nif t.TYPE_CHECKING:\n    import celery",
        "if __name__ == '__main__':\n    import uvicorn, celery",
        "if __name__ in ('__main__', '__mp_main__'):\n    import celery",
        "import sys\nif sys.platform == 'win32':\n    import winreg, pywintypes",
        "import sys\nif sys.version_info < (3, 11):\n    import tomli",
        "import os\nif os.getenv('DEBUG'):\n    import debug_toolbar",
        "match __name__:\n    case 'x':\n        import celery",
        "def serve():\n    import uvicorn\n    uvicorn.run(app)",
        "def main():\n    import celery\nif __name__ == '__main__':\n    main()",
        "import importlib\nimportlib.import_module(f'plugins.{app}')",
    ],
)
def test_imports_that_cannot_fail_there(tmp_path: Path, source: str) -> None:
    assert app(tmp_path, source).findings == ()


def test_an_import_in_a_function_is_a_warning(tmp_path: Path) -> None:
    report = app(tmp_path, "def view():\n    import celery\n    import celery.schedules")
    assert found(report) == [("warning", "IMPORT_NOT_DECLARED", "app.py:2")]
    assert report.errors == 0


def test_each_module_is_said_once_where_it_is_certain(tmp_path: Path) -> None:
    report = app(
        tmp_path, "def view():\n    import celery\nimport one, celery", {"one.py": "import celery"}
    )
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "app.py:3")]


@pytest.mark.parametrize(
    "source",
    [
        "import lib.thing",
        "from lib import thing",
        "from lib.thing import value",
        "from lib import *",
        "import lib",
        "import space.deep.inner",
        "from space.deep import inner",
        "import models, config",
    ],
)
def test_modules_of_the_project(tmp_path: Path, source: str) -> None:
    more = {
        "lib/__init__.py": "from .thing import value\nfrom . import thing\nfrom .thing import *",
        "lib/thing.py": "value = 1\nfrom lib import thing\nfrom . import thing",
        "space/deep/inner.py": "from ..deep import inner\nimport space.deep",
        "models.py": "import config",
        "config.py": "",
    }
    assert app(tmp_path, source, more).findings == ()


def test_only_what_is_imported_counts(tmp_path: Path) -> None:
    more = {"scripts/fill.py": "import faker", "tests/test_it.py": "import pytest"}
    assert app(tmp_path, "", {**more, "conftest.py": "import pytest"}).findings == ()


def test_imports_are_followed_through_the_project(tmp_path: Path) -> None:
    more = {"a/__init__.py": "from . import b", "a/b.py": "from .c import d"}
    report = app(tmp_path, "import a", {**more, "a/c/d.py": "import celery"})
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "a/c/d.py:1")]


def test_what_may_fail_is_not_followed(tmp_path: Path) -> None:
    source = "try:\n    import extra\nexcept ImportError:\n    pass"
    assert app(tmp_path, source, {"extra.py": "import celery"}).findings == ()


def test_what_a_function_imports_is_as_certain_as_that(tmp_path: Path) -> None:
    more = {"extra.py": "import celery\nfrom deeper import x", "deeper.py": "import numpy"}
    report = app(tmp_path, "def view():\n    import extra", more)
    assert found(report) == [
        ("warning", "IMPORT_NOT_DECLARED", "extra.py:1"),
        ("warning", "IMPORT_NOT_DECLARED", "deeper.py:1"),
    ]


@pytest.mark.parametrize(
    ("entrypoint", "source", "beside", "written"),
    [
        ("api/app.py", "import login", "api/login.py", "from api import login"),
        ("api/app.py", "from login import X", "api/login.py", "from api import login"),
        ("api/app.py", "import core.db", "api/core/__init__.py", "from api import core"),
        ("src/app.py", "import shop", "src/shop/__init__.py", "from src import shop"),
        ("app/main.py", "from db import session", "app/db.py", "from app import db"),
    ],
)
def test_a_sibling_is_not_on_the_path(
    tmp_path: Path, entrypoint: str, source: str, beside: str, written: str
) -> None:
    report = checked(
        tmp_path, {**REQUIREMENTS, entrypoint: f"{source}\n{FLASK}", beside: "X = session = 1\n"}
    )
    assert found(report) == [("error", "IMPORT_NOT_FOUND", f"{entrypoint}:1")]
    assert beside in report.findings[0].message
    assert written in report.findings[0].hint


@pytest.mark.parametrize(
    ("source", "more"),
    [
        ("from api import login", {}),
        ("from . import login", {}),
        ("from .login import X", {}),
        ("import api.login", {}),
        ("import sys, os\nsys.path.append(os.path.dirname(__file__))\nimport login", {}),
        ("import sys\nsys.path[:0] = ['api']\nimport login", {}),
        ("import site\nsite.addsitedir('api')\nimport login", {}),
        ("import login", {"vercel.json": '{"env": {"PYTHONPATH": "api"}}'}),
        ("import login", {"login.py": ""}),
    ],
)
def test_siblings_that_are_found(tmp_path: Path, source: str, more: dict[str, str]) -> None:
    files = {**REQUIREMENTS, "api/app.py": f"{source}\n{FLASK}", "api/login.py": "X = 1\n"}
    report = checked(tmp_path, {**files, **more})
    assert [one for one in report.findings if one.code.startswith("IMPORT")] == []


def test_a_project_that_is_installed_itself_is_on_the_path(tmp_path: Path) -> None:
    pyproject = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\n'
    build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    files = {
        "pyproject.toml": pyproject + build,
        "src/shop/__init__.py": "",
        "src/app.py": f"import shop\n{FLASK}",
    }
    assert checked(tmp_path, files).findings == ()
    (tmp_path / "pyproject.toml").write_text(pyproject)
    assert found(checked(tmp_path, {})) == [("error", "IMPORT_NOT_FOUND", "src/app.py:1")]


def test_a_project_that_its_requirements_name_is_on_the_path(tmp_path: Path) -> None:
    files = {
        "setup.cfg": "[metadata]\nname = shop\n",
        "setup.py": "from setuptools import setup\n",
        "requirements.txt": "flask\n-e .\n",
        "src/shop/__init__.py": "NAME = 1\n",
        "app.py": f"from shop import NAME\n{FLASK}",
    }
    report = checked(tmp_path, files)
    assert [one for one in report.findings if one.code.startswith("IMPORT")] == []
    (tmp_path / "requirements.txt").write_text("flask\n")
    report = checked(tmp_path, {})
    assert [one.code for one in report.findings if one.code.startswith("IMPORT")]


LIB = {"lib/__init__.py": "", "lib/bad.py": "from ..lib import other"}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("from . import models", "leads out of the project"),
        ("from .models import db", "leads out of the project"),
        ("import lib.gone", "no module `lib.gone`"),
        ("from lib.gone import x", "no module `lib.gone`"),
        ("from lib import bad", "leads out of the project"),
    ],
)
def test_modules_that_the_project_lacks(tmp_path: Path, source: str, says: str) -> None:
    report = app(tmp_path, source, {**LIB, "models.py": "db = 1"})
    assert [one[:2] for one in found(report)] == [("error", "IMPORT_NOT_FOUND")]
    assert says in report.findings[0].message


def test_a_build_may_make_what_the_project_lacks(tmp_path: Path) -> None:
    write = {
        "vercel.json": '{"buildCommand": "make client"}',
        "lib/__init__.py": "",
        "public/a": "",
    }
    report = checked(tmp_path, {**REQUIREMENTS, **write, "app.py": f"import lib.gone\n{FLASK}"})
    assert [one.code for one in report.findings if one.severity == "error"] == []


def test_a_folder_gives_way_to_a_package_of_its_name(tmp_path: Path) -> None:
    files = {"requirements.txt": "flask\nalembic\n", "alembic/env.py": "import alembic.context\n"}
    source = f"import alembic.config\nfrom alembic import command\n{FLASK}"
    assert checked(tmp_path, {**files, "app.py": source}).findings == ()
    report = checked(tmp_path, {"requirements.txt": "flask\n"})
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "app.py:1")]


@pytest.mark.parametrize(
    "made",
    [
        {"vercel.json": '{"buildCommand": "make proto"}'},
        {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["flask"]\n'
        '[tool.vercel.scripts]\nbuild = "make proto"\n'},
    ],
)  # fmt: skip
def test_a_build_may_make_a_module(tmp_path: Path, made: dict[str, str]) -> None:
    report = app(tmp_path, "import service_pb2", {**made, "public/a": ""})
    assert [one.code for one in report.findings if one.severity == "error"] == []


def test_a_name_that_a_package_may_have_is_left_alone(tmp_path: Path) -> None:
    files = {"requirements.txt": "flask\nacme-sdk\nsome-other-thing\n"}
    source = "import acme\nimport somebody\n" + FLASK
    assert checked(tmp_path, {**files, "app.py": source}).findings == ()


@pytest.mark.parametrize(
    ("requirement", "source"),
    [
        ("aws-psycopg2", "import psycopg2"),
        ("my-yaml-fork", "import yaml"),
        ("protobuf", "import google"),
        ("google-cloud-storage", "from google.cloud import storage"),
    ],
)
def test_a_fork_may_bring_what_a_well_known_package_does(
    tmp_path: Path, requirement: str, source: str
) -> None:
    files = {"requirements.txt": f"flask\n{requirement}\n", "app.py": f"{source}\n{FLASK}"}
    assert checked(tmp_path, files).findings == ()


def test_a_name_that_nothing_brings(tmp_path: Path) -> None:
    report = app(tmp_path, "import local_settings")
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "app.py:1")]
    assert "nothing that requirements.txt asks for brings it" in report.findings[0].message


def test_without_any_manifest(tmp_path: Path) -> None:
    report = checked(tmp_path, {"api/index.py": FLASK})
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "api/index.py:1")]
    assert "there is no requirements.txt" in report.findings[0].message


def test_a_module_that_python_no_longer_has(tmp_path: Path) -> None:
    report = checked(
        tmp_path, {**REQUIREMENTS, ".python-version": "3.13", "app.py": f"import cgi\n{FLASK}"}
    )
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "app.py:1")]
    assert "Python 3.13 no longer has it" in report.findings[0].message
    (tmp_path / ".python-version").write_text("3.12")
    assert checked(tmp_path, {}).findings == ()


def test_each_function_has_its_own_manifest(tmp_path: Path) -> None:
    handler = "from http.server import BaseHTTPRequestHandler as B\nclass handler(B): pass\n"
    files = {
        "api/one/index.py": f"import celery\n{handler}",
        "api/one/requirements.txt": "celery\n",
        "api/two/index.py": f"import celery\n{handler}",
        "api/two/requirements.txt": "requests\n",
        "vercel.json": '{"framework": null}',
        "public/index.html": "",
    }
    report = checked(tmp_path, files)
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "api/two/index.py:1")]
    assert "api/two/requirements.txt does not ask for" in report.findings[0].message


def test_a_site_without_functions_has_no_imports(tmp_path: Path) -> None:
    files = {"public/index.html": "", "tools/make.py": "import celery\n", "vercel.json": "{}"}
    assert "IMPORT_NOT_DECLARED" not in {one.code for one in checked(tmp_path, files).findings}


@pytest.mark.parametrize("folder", ["", "backend/"])
def test_django_finds_its_modules_by_their_names(tmp_path: Path, folder: str) -> None:
    files = {f"{folder}{name}": text for name, text in DJANGO.items()}
    files["requirements.txt"] = "django\n"
    assert checked(tmp_path, files).findings == ()
    for place in ("site_/settings.py", "blog/models.py", "blog/forms.py"):
        source = "import celery\n" + files[folder + place]
        report = checked(tmp_path, {**files, folder + place: source})
        assert [one.place for one in report.findings if one.code == "IMPORT_NOT_DECLARED"] == [
            f"{folder}{place}:1"
        ]


def test_django_settings_that_only_running_could_tell(tmp_path: Path) -> None:
    files = {
        **DJANGO,
        "site_/settings.py": "from site_.base import *\nimport debug_toolbar\n",
        "site_/base.py": DJANGO["site_/settings.py"],
        "blog/models.py": "import celery\n",
    }
    assert found(checked(tmp_path, files)) == [
        ("error", "IMPORT_NOT_DECLARED", "blog/models.py:1"),
        ("warning", "DJANGO_SETTINGS_NOT_READ", "manage.py"),
    ]


def test_the_settings_of_wsgi_are_those_of_a_deployment(tmp_path: Path) -> None:
    choice = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.deployed')\n"
    files = {
        **DJANGO,
        "site_/wsgi.py": choice + DJANGO["site_/wsgi.py"],
        "site_/settings.py": "import debug_toolbar\n" + DJANGO["site_/settings.py"],
        "site_/deployed.py": "import environ\n",
    }
    places = [one.place for one in checked(tmp_path, files).findings]
    assert places == ["site_/deployed.py:1"]


def test_what_could_not_be_resolved_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offline = stand_in_uv(tmp_path, "", code=2, says="error: no network")
    monkeypatch.setitem(ENVIRON, "PATH", f"{offline}:{ENVIRON['PATH']}")
    project = tmp_path / "project"
    report = checked(project, {**REQUIREMENTS, "app.py": f"import celery, numpy, jinja2\n{FLASK}"})
    assert found(report) == [("warning", "DEPENDENCIES_NOT_RESOLVED", "requirements.txt")]
    assert "`celery`, `numpy`" in report.findings[0].message
    assert "no network" in report.findings[0].message
    assert not (project / ".vercel").exists()


def test_the_answer_is_kept_until_the_manifest_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stand_in_uv(tmp_path, "flask acme")
    monkeypatch.setitem(ENVIRON, "PATH", f"{folder}:{ENVIRON['PATH']}")
    project = tmp_path / "project"

    def runs() -> int:
        checked(project, {"app.py": f"import celery\n{FLASK}"})
        return len((tmp_path / "runs").read_text().splitlines())

    checked(project, {"requirements.txt": "flask\n-r more.txt\n", "more.txt": "acme\n"})
    assert [runs(), runs()] == [1, 1]
    (project / "more.txt").write_text("acme>1\n")
    assert [runs(), runs()] == [2, 2]
    kept = json.loads((project / ".vercel" / "emu" / "resolved.json").read_text())
    assert kept["names"] == ["acme", "flask"]


def test_nothing_is_resolved_where_the_manifest_itself_explains_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stand_in_uv(tmp_path, "")
    monkeypatch.setitem(ENVIRON, "PATH", f"{folder}:{ENVIRON['PATH']}")
    source = "import werkzeug, yaml\nfrom vercel.cache import RuntimeCache\n" + FLASK
    files = {"requirements.txt": "flask\npyyaml\nvercel-cache\n", "app.py": source}
    assert checked(tmp_path / "project", files).findings == ()
    assert not (tmp_path / "runs").exists()
