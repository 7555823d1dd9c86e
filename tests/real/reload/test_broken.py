"""Code that cannot start: the page, the terminal, the recovery, and what it costs meanwhile."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.real.support import PATIENCE, Emulation, emulation, wait_until
from vercel_emu import events

GOOD = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<p>good</p>"})
"""
LIFESPAN = """
async def app(scope, receive, send):
    try:
        await receive()
        raise ValueError("no database")
    except ValueError:
        import traceback
        message = {"type": "lifespan.startup.failed", "message": traceback.format_exc()}
        await send(message)
"""
BROKEN = {
    "syntax error": ("def broken(:\n", "SyntaxError", "app.py:1"),
    "import error": ("import os\nimport no_such_thing\n", "no_such_thing", "app.py:2"),
    "name error": ("x = 1\ny = undefined\n", "undefined", "app.py:2"),
    "in lifespan": (LIFESPAN, "no database", "app.py:5"),
    "exit": ("import sys\nsys.exit(3)\n", "exited with code 3", ""),
    "hard exit": ("import os\nos._exit(4)\n", "exited with code 4", ""),
    "no app": ("thing = 1\n", "app", ""),
}
HTML = {"accept": "text/html"}
REACHED = 8.0
"""Seconds in which any machine gets as far as to import the app."""


def project(tmp_path: Path, text: str, **options: Any) -> Emulation:
    given = {"reload": True, "standby": True, "app": "app:app", **options}
    return emulation(tmp_path / "p", {"app.py": text}, **given)


def save(emulator: Emulation, text: str) -> None:
    (emulator.root / "app.py").write_text(text)


@pytest.mark.parametrize("kind", list(BROKEN))
def test_the_page_the_terminal_and_the_recovery(tmp_path: Path, kind: str) -> None:
    text, reason, place = BROKEN[kind]
    with project(tmp_path, GOOD) as emulator:
        emulator.wait_ready()
        save(emulator, text)
        answer = emulator.get("/", headers=HTML)
        assert answer.status_code == 500
        assert answer.headers["x-vercel-error"] == "FUNCTION_INVOCATION_FAILED"
        page = answer.text
        assert reason in page
        assert place in page
        assert "Since the change of" in page
        assert "app.py" in page
        assert "/_emu/wait?since=1" in page
        failed = emulator.events.wait(events.InstanceFailed)
        assert reason in failed.message + failed.detail
        assert "vc_init" not in failed.detail
        assert "importlib" not in failed.detail
        save(emulator, GOOD)
        assert emulator.get("/").text == "<p>good</p>"


def test_an_endless_loop_is_ended_by_the_startup_deadline_and_shown(tmp_path: Path) -> None:
    loop = "def spin():\n    while True:\n        pass\n\nspin()\n"
    with project(tmp_path, GOOD, startup_timeout=REACHED) as emulator:
        emulator.wait_ready()
        save(emulator, loop)
        page = emulator.get("/", headers=HTML).text
        assert "did not start within 8 s" in page
        assert "app.py:2" in page or "app.py:3" in page
        save(emulator, GOOD)
        assert emulator.get("/").text == "<p>good</p>"


def test_broken_from_the_start(tmp_path: Path) -> None:
    with project(tmp_path, "import nothing_there\n") as emulator:
        assert "nothing_there" in emulator.get("/", headers=HTML).text
        save(emulator, GOOD)
        assert emulator.get("/").text == "<p>good</p>"


def test_asking_for_broken_code_again_and_again_starts_nothing(tmp_path: Path) -> None:
    with project(tmp_path, "1/0\n") as emulator:
        for _ in range(50):
            assert emulator.get("/").status_code == 500
        assert len(emulator.events.all(events.InstanceFailed)) == 1


def test_an_error_page_learns_of_the_fix(tmp_path: Path) -> None:
    with project(tmp_path, GOOD) as emulator:
        emulator.wait_ready()
        save(emulator, "1/0\n")
        page = emulator.get("/", headers=HTML).text
        wait = page.partition('fetch("')[2].partition('"')[0]
        answers: list[httpx.Response] = []
        # The failure itself came after the page had been asked for: one reload settles that.
        assert emulator.get(wait).status_code == 200
        wait = emulator.get("/", headers=HTML).text.partition('fetch("')[2].partition('"')[0]
        waiting = threading.Thread(target=lambda: answers.append(emulator.get(wait)))
        waiting.start()
        save(emulator, GOOD)
        waiting.join(PATIENCE)
        assert answers[0].status_code == 200
        assert answers[0].headers["cache-control"] == "no-store"


def test_without_overlay_the_page_does_not_wait(tmp_path: Path) -> None:
    with project(tmp_path, "1/0\n", overlay=False) as emulator:
        page = emulator.get("/", headers=HTML).text
        assert "ZeroDivisionError" in page
        assert "/_emu/wait" not in page


def test_live_reload_adds_its_script_to_pages_only(tmp_path: Path) -> None:
    app = """
async def app(scope, receive, send):
    kind, encoding = (b"text/html", b"identity") if scope["path"] == "/" else (b"text/plain", b"")
    if scope["path"] == "/zipped":
        kind, encoding = b"text/html", b"gzip"
    body = b"<p>hello</p>"
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    if encoding == b"gzip":
        headers.append((b"content-encoding", encoding))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""
    with project(tmp_path, app, live_reload=True) as emulator:
        page = emulator.get("/")
        assert page.text.startswith("<p>hello</p>\n<script src=")
        assert int(page.headers["content-length"]) == len(page.content)
        assert "/_emu/wait" in emulator.get("/_emu/live.js").text
        assert emulator.get("/text").text == "<p>hello</p>"
        with emulator.client() as client, client.stream("GET", "/zipped") as zipped:
            assert b"".join(zipped.iter_raw()) == b"<p>hello</p>"


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
def test_a_broken_app_comes_to_rest(tmp_path: Path) -> None:
    def cpu() -> float:
        total = 0.0
        for pid in [one.process.pid for one in emulator.instances()]:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / 100
        return total + time.clock_gettime(time.pthread_getcpuclockid(thread))

    def rests() -> bool:
        before = cpu()
        time.sleep(0.5)  # what is looked at is a span of time
        return cpu() - before < 0.01

    with project(tmp_path, "1/0\n") as emulator:
        emulator.events.wait(events.StandbyReady)
        thread = emulator.thread_id
        wait_until(rests)


def test_a_first_start_with_a_syntax_error_waits_for_the_fix(tmp_path: Path) -> None:
    """Whatever the app is called once the file is Python."""
    with emulation(tmp_path / "p", {"app.py": "x = 1\napp = ("}, reload=True) as emulator:
        failed = emulator.events.wait(events.InstanceFailed)
        assert failed.message.startswith("SyntaxError: ")
        page = emulator.get("/", headers=HTML)
        assert page.status_code == 500
        assert "app.py:2" in page.text
        save(emulator, GOOD.replace("def app", "def application"))
        emulator.events.wait(events.Reloaded)
        assert emulator.get("/").text == "<p>good</p>"


def test_a_server_at_import_is_named_long_before_the_deadline(tmp_path: Path) -> None:
    text = f"{GOOD}\nfrom wsgiref.simple_server import make_server\n\n\ndef serve():\n"
    text += "    make_server('127.0.0.1', 0, app).serve_forever()\n\n\nserve()\n"
    line = text[: text.index("    make_server")].count("\n") + 1
    with project(tmp_path, text, startup_timeout=PATIENCE) as emulator:
        failed = emulator.events.wait(events.InstanceFailed)
        assert failed.message.startswith(f"app.py:{line}: ")
        assert "never returns" in failed.message
        assert '`if __name__ == "__main__":`' in failed.hint
        assert failed.hint in emulator.get("/", headers=HTML).text.replace("&quot;", '"')
