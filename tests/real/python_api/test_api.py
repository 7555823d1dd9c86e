"""The Python API: emulators in this process, what requests tell, the cache, reloads, errors."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.support import PATIENCE, alive, children_of, write_project
from vercel_emu import EmuError, Emulator, Visitor

APP = """
import asyncio
import os
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from vercel.functions import RuntimeCache, geolocation, wait_until
app = FastAPI()
started = {"import": os.getpid()}

@app.get("/geo")
def geo(request: Request):
    print("asked from", geolocation(request)["city"])
    return geolocation(request)

@app.get("/later")
async def later():
    async def work():
        await asyncio.sleep(0.05)
        print("done later")
    wait_until(work())
    return "now"

@app.get("/count")
def count(namespace: str = ""):
    cache = RuntimeCache(namespace=namespace or None)
    cache.set("n", (cache.get("n") or 0) + 1, {"tags": ["numbers"]})
    return cache.get("n")

@app.post("/echo")
async def echo(request: Request):
    answer = JSONResponse({"body": (await request.body()).decode(), "from": os.environ["FROM"]})
    answer.set_cookie("session", "1")
    return answer

@app.get("/cookies")
def cookies(request: Request):
    return request.cookies

@app.get("/pid")
def pid():
    return started["import"]

@app.get("/boom")
def boom():
    raise ValueError("boom")
"""
FILES = {"app.py": APP, "requirements.txt": "fastapi\nvercel\n", "public/hello.txt": "hello"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("api"), FILES)


@pytest.fixture(scope="module")
def emu(root: Path) -> Iterator[Emulator]:
    with Emulator(root, visitor="Tokyo", environ={"FROM": "the test"}) as emulator:
        yield emulator


def test_a_response_knows_its_invocation(emu: Emulator) -> None:
    response = emu.get("/geo", visitor="Berlin")
    assert response.json()["city"] == "Berlin"
    found = response.invocation
    assert (found.visitor, found.status, found.text) == ("Berlin", 200, "asked from Berlin")
    assert found.duration_ms > 0
    assert (found.method, found.path, found.error_code) == ("GET", "/geo", "")
    assert emu.invocations[-1].id == found.id
    assert not emu.get("/geo").invocation.cold
    assert "asked from Berlin" in [line.text for line in emu.logs]


def test_the_first_request_is_a_cold_start(root: Path) -> None:
    with Emulator(root) as emulator:
        assert emulator.get("/geo").invocation.cold
        assert not emulator.get("/geo").invocation.cold


def test_waiting_for_the_end(emu: Emulator) -> None:
    early = emu.get("/later").invocation
    assert early.wait().ended
    assert emu.get("/later", wait=True).invocation.text == "done later"


def test_what_no_function_answers_has_an_invocation_too(emu: Emulator) -> None:
    response = emu.get("/hello.txt")
    assert (response.text, response.invocation.function) == ("hello", "")


def test_a_traceback_is_in_the_log(emu: Emulator) -> None:
    count = emu.log_count
    assert emu.get("/boom").status_code == 500
    assert emu.wait_for_log("ValueError: boom", since=count, seconds=PATIENCE)
    assert not emu.wait_for_log("boom", since=emu.log_count, seconds=0)


def test_requests_take_what_httpx_takes(emu: Emulator) -> None:
    response = emu.post("/echo?a=1", content="hi", headers={"x-emu-visitor": "Oslo"})
    assert response.json() == {"body": "hi", "from": "the test"}
    assert response.invocation.visitor == "Oslo"
    assert emu.get("/cookies").json() == {}, "requests don't influence each other"
    assert emu.get("/cookies", headers={"cookie": "a=b"}).json() == {"a": "b"}
    with emu.client(visitor="Nairobi") as browser:
        browser.post("/echo")
        assert browser.get("/cookies").json() == {"session": "1"}
        assert browser.get("/geo").json()["city"] == "Nairobi"


def test_a_visitor_as_a_value_and_nobody(emu: Emulator) -> None:
    me = Visitor(label="me", ip="203.0.113.9", city="Wien & Umgebung", edge_region="fra1")
    response = emu.get("/geo", visitor=me)
    assert (response.json()["city"], response.json()["country"]) == ("Wien & Umgebung", None)
    assert response.json()["region"] == "fra1"
    assert response.invocation.visitor == "me"
    with pytest.raises(EmuError, match=r'There is no place "Nowheria"'):
        emu.get("/geo", visitor="Nowheria")


def test_changing_who_asks(emu: Emulator) -> None:
    emu.set_visitor("Oslo")
    assert (emu.visitor.city, emu.get("/geo").json()["city"]) == ("Oslo", "Oslo")
    emu.set_visitor(None)
    assert emu.get("/geo").json()["city"] == "Tokyo"


def test_the_cache_by_the_apps_own_keys(emu: Emulator) -> None:
    emu.cache.clear()
    emu.cache.set("n", 41, tags=["numbers"])
    assert emu.get("/count").json() == 42
    assert emu.get("/count?namespace=other").json() == 1
    assert (emu.cache.get("n"), emu.cache.get("n", namespace="other")) == (42, 1)
    assert len(emu.cache.items(tag="numbers")) == 2
    assert emu.cache.delete("n", namespace="other")
    assert emu.cache.expire_tag("numbers") == 1
    assert (emu.cache.get("n"), emu.cache.items()) == (None, [])
    emu.cache.set("x", {"a": None}, ttl=60, hashed=False)
    assert (emu.cache.items()[0].key, emu.cache.clear()) == ("x", 1)
    with pytest.raises(EmuError, match="refused"):
        emu.cache.set("big", "x" * (2 * 1024 * 1024))


def test_the_environment_of_the_functions(emu: Emulator, root: Path) -> None:
    assert (emu.env["FROM"], emu.env["VERCEL_ENV"]) == ("the test", "development")
    with Emulator(root, env="preview", environ={"FROM": "elsewhere"}) as other:
        assert (other.env["VERCEL_ENV"], other.env["FROM"]) == ("preview", "elsewhere")
        assert other.url != emu.url
        emu.cache.set("n", 1)
        assert other.cache.get("n") is None, "several at once share nothing"


def test_reloading(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    with Emulator(tmp_path) as emulator:
        before = emulator.get("/pid").json()
        (tmp_path / "app.py").write_text(APP.replace('"done later"', '"done anew"'))
        assert emulator.get("/pid").json() == before, "only when asked to"
        emulator.reload()
        assert emulator.get("/pid").json() != before
        assert emulator.get("/later", wait=True).invocation.text == "done anew"
        (tmp_path / "app.py").write_text("1 / 0")
        with pytest.raises(EmuError, match="ZeroDivisionError"):
            emulator.reload()
        assert emulator.get("/pid").status_code == 500


def test_nothing_is_left_behind(root: Path) -> None:
    threads, children = threading.active_count(), children_of_this_process()
    with Emulator(root) as emulator:
        assert emulator.get("/hello.txt").text == "hello"
        assert not list((root / ".vercel/emu").glob("run/*.json")), "not for other commands"
    assert threading.active_count() == threads
    assert children_of_this_process() == children
    with pytest.raises(EmuError, match="does not run"):
        emulator.get("/")


def test_starting_and_stopping_by_hand(root: Path) -> None:
    before = children_of_this_process()
    emu = Emulator(root)
    assert emu.start() is emu
    assert emu.get("/geo").status_code == 200
    assert repr(emu) == f"<Emulator {str(root)!r}: {emu.url}>"
    with pytest.raises(EmuError, match=f"runs already, at {emu.url}"):
        emu.start()
    emu.stop()
    emu.stop()
    assert children_of_this_process() == before
    with pytest.raises(EmuError, match="does not run"):
        emu.get("/geo")
    with emu:
        assert emu.get("/pid").status_code == 200


def test_a_session_that_ends_without_stopping(root: Path) -> None:
    code = (
        "import sys, vercel_emu; emu = vercel_emu.Emulator(sys.argv[1]).start(); "
        "print(emu.get('/pid').text)"
    )
    command = [sys.executable, "-c", code, str(root)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert not alive(int(ended.stdout))
    assert not list((root / ".vercel/emu/run").glob("*.json"))


def children_of_this_process() -> set[int]:
    return set(children_of(os.getpid()))


def test_coroutines(root: Path) -> None:
    async def main() -> None:
        async with Emulator(root, visitor="Lima") as emu:
            first, second = await asyncio.gather(
                emu.get("/geo"), emu.get("/geo", visitor="Berlin", wait=True)
            )
            assert (first.json()["city"], second.json()["city"]) == ("Lima", "Berlin")
            assert second.invocation.text == "asked from Berlin"
            await emu.cache.set("n", 9)
            assert (await emu.get("/count")).json() == await emu.cache.get("n") == 10
            later = await emu.get("/later")
            assert (await later.invocation.wait_async()).text == "done later"
            async with emu.client(visitor="Oslo") as browser:
                assert (await browser.get("/geo")).json()["city"] == "Oslo"
            await emu.reload()
            assert (await emu.post("/geo")).status_code == 405

    asyncio.run(main())


def test_giving_up_while_it_starts_leaves_nothing(root: Path) -> None:
    children = children_of_this_process()

    async def main() -> None:
        entering = asyncio.create_task(Emulator(root).__aenter__())
        await asyncio.sleep(0)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering

    asyncio.run(main())
    assert children_of_this_process() == children


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"regon": "fra1"}, "no option 'regon'.*Did you mean region"),
        ({"region": 3}, r"Emulator\(region=3\): Expected `str`"),
        ({"region": "mars1"}, "no region"),
        ({"visitor": "Nowheria"}, 'There is no place "Nowheria"'),
        ({"env": "staging"}, r"Emulator\(env='staging'\)"),
    ],
)
def test_wrong_options(root: Path, options: dict[str, object], told: str) -> None:
    with pytest.raises(EmuError, match=f"(?s){told}"), Emulator(root, **options):  # type: ignore[arg-type]
        pass


def test_an_app_that_can_not_start(tmp_path: Path) -> None:
    write_project(tmp_path, {"app.py": "from fastapi import FastAPI\napp = FastAPI()\n1 / 0\n"})
    with pytest.raises(EmuError) as caught, Emulator(tmp_path):
        pass
    assert "ZeroDivisionError" in caught.value.message
    assert "line 3" in (caught.value.hint or "")
    with Emulator(tmp_path, wait_ready=False) as emulator:
        assert emulator.get("/").status_code == 500


def test_a_folder_without_an_app(tmp_path: Path) -> None:
    with pytest.raises(EmuError, match="There is no folder"), Emulator(tmp_path / "nothing"):
        pass
    with pytest.raises(EmuError), Emulator(tmp_path):
        pass


def test_missing_dependencies_are_named(tmp_path: Path) -> None:
    write_project(tmp_path, {"app.py": "app = 1", "requirements.txt": "no-such-package-at-all\n"})
    with pytest.raises(EmuError, match="no-such-package-at-all"), Emulator(tmp_path):
        pass


def test_importing_the_package_is_light() -> None:
    script = "import sys, vercel_emu; print({'httpx', 'asyncio', 'uvicorn'} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.strip() == "set()"
