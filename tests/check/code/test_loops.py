"""Redirects without an end, by vercel.json alone or by it and the framework in turn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.check.django_project import DJANGO
from tests.check.helpers import checked
from vercel_emu.check.model import Finding

FLASK = "from flask import Flask, Blueprint\napp = Flask(__name__)\n"
FASTAPI = "from fastapi import FastAPI, APIRouter\napp = FastAPI()\n"
STARLETTE = (
    "from starlette.applications import Starlette\nfrom starlette.routing import Route, Mount\n"
)
SHOP = "@app.get('/shop/')\ndef shop(): ...\n"
REQUIREMENTS = {"requirements.txt": "flask\nfastapi\n"}


def loops(root: Path, config: dict[str, Any], source: str) -> list[Finding]:
    files = {**REQUIREMENTS, "app.py": source, "vercel.json": json.dumps(config)}
    return [one for one in checked(root, files).findings if one.code == "REDIRECT_LOOP"]


def rule(source: str, destination: str, **more: Any) -> dict[str, Any]:
    return {"source": source, "destination": destination, **more}


@pytest.mark.parametrize(
    ("redirects", "more"),
    [
        ([rule("/a", "/b"), rule("/b", "/a")], {}),
        ([rule("/a", "/b"), rule("/b", "/c"), rule("/c", "/a")], {}),
        ([rule("/a", "/a")], {}),
        ([rule("/a", "/a?x=1")], {}),
        ([rule("/:one", "/:one")], {}),
        ([rule("/(.*)", "/en/$1")], {}),
        ([rule("/:path*", "/login", missing=[{"type": "cookie", "key": "session"}])], {}),
        ([rule("/shop", "/shop/")], {"trailingSlash": False}),
        ([rule("/shop/", "/shop")], {"trailingSlash": True}),
        ([rule("/about", "/about.html")], {"cleanUrls": True}),
        ([rule("/", "/index")], {"cleanUrls": True}),
    ],
)
def test_by_rules_alone(tmp_path: Path, redirects: list[Any], more: dict[str, Any]) -> None:
    (finding,) = loops(tmp_path, {"redirects": redirects, **more}, FLASK)
    assert finding.severity == "error"
    assert finding.where is not None
    assert finding.where.file == "vercel.json"


@pytest.mark.parametrize(
    ("redirects", "more"),
    [
        ([rule("/a", "/b"), rule("/b", "/c")], {}),
        ([rule("/a", "/b")], {"trailingSlash": False, "cleanUrls": True}),
        ([rule("/a", "/a", has=[{"type": "header", "key": "x-old"}])], {}),
        ([rule("/:path*", "https://example.com/:path*")], {}),
        ([rule("/a/:rest*", "/b/:rest*")], {}),
        ([rule("/((?!en).*)", "/en/$1")], {}),
        ([rule("/old.html", "/new")], {"cleanUrls": True}),
        ([rule("/shop", "/shop/")], {}),
        ([rule("/shop", "/shop/")], {"trailingSlash": True}),
    ],
)
def test_redirects_that_end(tmp_path: Path, redirects: list[Any], more: dict[str, Any]) -> None:
    assert loops(tmp_path, {"redirects": redirects, **more}, FLASK) == []


@pytest.mark.parametrize(
    ("source", "slash"),
    [
        (FLASK + "@app.route('/shop/')\ndef shop(): ...\n", False),
        (FLASK + "@app.get('/shop/<int:id>/')\ndef shop(id): ...\n", False),
        (FLASK + "bp = Blueprint('b', __name__)\n@bp.post('/shop/')\ndef shop(): ...\n", False),
        (
            FLASK + "bp = Blueprint('b', __name__, url_prefix='/shop')\n"
            "@bp.route('/')\ndef shop(): ...\n",
            False,
        ),
        (FASTAPI + "@app.get('/shop/')\ndef shop(): ...\n", False),
        (FASTAPI + "@app.get('/shop')\ndef shop(): ...\n", True),
        (FASTAPI + "@app.get('/shop/{id}')\ndef shop(id): ...\n", True),
        (FASTAPI + "r = APIRouter()\n@r.get('/shop/')\ndef shop(): ...\n", False),
        (STARLETTE + "app = Starlette(routes=[Route('/shop/', print)])\n", False),
        (STARLETTE + "app = Starlette(routes=[Route('/shop', print)])\n", True),
    ],
)
def test_between_a_slash_and_the_app(tmp_path: Path, source: str, slash: bool) -> None:
    (finding,) = loops(tmp_path, {"trailingSlash": slash}, source)
    assert "/shop" in finding.message
    assert "trailingSlash" in finding.message
    assert finding.place.startswith("app.py:")
    assert loops(tmp_path, {"trailingSlash": not slash}, source) == []
    assert loops(tmp_path, {}, source) == []


@pytest.mark.parametrize(
    ("source", "slash"),
    [
        (FLASK + "@app.route('/shop')\ndef shop(): ...\n", False),
        (FLASK + "@app.route('/')\ndef home(): ...\n", False),
        (FLASK + "@app.route('/shop')\n@app.route('/shop/')\ndef shop(): ...\n", False),
        (FLASK + "@app.route('/shop/', strict_slashes=False)\ndef shop(): ...\n", False),
        (
            FLASK + "app.url_map.strict_slashes = False\n@app.route('/shop/')\ndef s(): ...\n",
            False,
        ),
        (FASTAPI.replace("()", "(redirect_slashes=False)") + SHOP, False),
        (FASTAPI + "@app.get('/shop/')\n@app.get('/shop')\ndef shop(): ...\n", False),
        (FASTAPI + "@app.get('/')\ndef home(): ...\n", True),
        (FASTAPI + "r = APIRouter()\n@r.get('/')\ndef shop(): ...\n", False),
        (FASTAPI + "paths = ['/shop/']\n@app.get(paths[0])\ndef shop(): ...\n", False),
        (FASTAPI + "import httpx2\nx = httpx2.get('/shop/') if 0 else None\n", False),
    ],
)
def test_apps_without_such_a_redirect(tmp_path: Path, source: str, slash: bool) -> None:
    assert loops(tmp_path, {"trailingSlash": slash}, source) == []


def test_a_rule_and_a_route_against_each_other(tmp_path: Path) -> None:
    config = {"redirects": [rule("/shop/", "/shop")]}
    (finding,) = loops(tmp_path, config, FLASK + "@app.get('/shop/')\ndef shop(): ...\n")
    assert "`redirects[0]`" in finding.message
    # The same route of a blueprint may have a prefix, and the rule may not be meant for it.
    source = FLASK + "bp = Blueprint('b', __name__)\n@bp.get('/shop/')\ndef shop(): ...\n"
    assert loops(tmp_path, config, source) == []


def test_many_routes_of_one_cause_are_one_finding(tmp_path: Path) -> None:
    routes = [f"@app.get('/p{number}/')\ndef p{number}(): ...\n" for number in range(30)]
    (finding,) = loops(tmp_path, {"trailingSlash": False}, FLASK + "".join(routes))
    assert "and 29 more" in finding.message


def test_django(tmp_path: Path) -> None:
    urls = (
        "from django.contrib import admin\nfrom django.urls import include, path\n"
        "urlpatterns = [path('', include('blog.urls')), path('admin/', admin.site.urls)]\n"
    )
    files = {**DJANGO, "site_/urls.py": urls, "vercel.json": '{"trailingSlash": false}'}
    (finding,) = checked(tmp_path, files).findings
    assert finding.code == "REDIRECT_LOOP"
    assert finding.place == "site_/urls.py:3"
    settings = files["site_/settings.py"] + "APPEND_SLASH = False\n"
    assert checked(tmp_path, {"site_/settings.py": settings}).findings == ()
