"""A browser that gets a bare 500 sees the exception; everybody else gets the app's own answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.conftest import Emulate
from tests.real.support import Emulation, emulation
from vercel_emu import events

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "sec-fetch-mode": "navigate"}
SCRIPT = {"accept": "text/html", "sec-fetch-mode": "cors"}

FASTAPI = """
import logging
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse, StreamingResponse

app = FastAPI()

@app.get("/")
def home():
    return 1 / 0

@app.get("/own")
def own():
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("broken")
    return HTMLResponse("<h1>We are sorry</h1>", status_code=500)

@app.get("/quiet")
def quiet():
    return PlainTextResponse("Internal Server Error", status_code=500)

@app.get("/long")
def long():
    return StreamingResponse(iter([b"x" * 3000] * 3), status_code=500)
"""
FLASK = """
from flask import Flask

app = Flask(__name__)

@app.get("/")
def home():
    return 1 / 0
"""
DJANGO = """
import sys
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["*"])

def home(request):
    return 1 / 0

urlpatterns = [path("", home)]
app = get_wsgi_application()
"""


@pytest.mark.parametrize("source", [FASTAPI, FLASK, DJANGO], ids=["fastapi", "flask", "django"])
def test_a_browser_sees_the_exception(tmp_path: Path, source: str) -> None:
    with emulation(tmp_path, {"app.py": source}, overlay=True, editor="zed") as running:
        bare = running.get("/", headers=SCRIPT)
        page = running.get("/", headers=BROWSER)
        assert bare.status_code == page.status_code == 500
        assert "ZeroDivisionError" not in bare.text
        assert "<h1><span>500</span>: Internal Server Error</h1>" in page.text
        assert "ZeroDivisionError: division by zero" in page.text
        line = 1 + source.split("\n").index("    return 1 / 0")
        place = f"zed://file/{running.root}/app.py:{line}"
        assert page.text.count(place) == 2, "above, and in the traceback"
        assert "/_emu/wait?since=" in page.text
        assert "in packages ..." in page.text
        assert "x-vercel-error" not in page.headers, "a deployment answers with the app's own"
        assert not running.events.all(events.Notice, lambda e: e.code == "INTERNAL_ERROR")


@pytest.fixture
def running(emulate: Emulate) -> Emulation:
    return emulate({"app.py": FASTAPI}, overlay=True)


@pytest.mark.parametrize("path", ["/own", "/quiet", "/long"])
def test_what_is_no_bare_answer_to_an_exception_stays(running: Emulation, path: str) -> None:
    as_it_is = running.get(path, headers=SCRIPT)
    shown = running.get(path, headers=BROWSER)
    assert (shown.status_code, shown.content) == (500, as_it_is.content)
    assert shown.headers.get("content-type") == as_it_is.headers.get("content-type")


def test_without_overlay_a_browser_gets_the_apps_answer(emulate: Emulate) -> None:
    running = emulate({"app.py": FASTAPI}, overlay=False)
    shown = running.get("/", headers=BROWSER)
    assert (shown.status_code, shown.text) == (500, "Internal Server Error")
