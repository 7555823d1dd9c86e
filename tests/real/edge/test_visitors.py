"""Visitors end to end: the official SDK sees the right one, never another's, never a client's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.real.support import write_project
from vercel_emu import AsyncEmulator, Emulator, Visitor
from vercel_emu.cli.templates_dir import template_files, templates_dir
from vercel_emu.platform import header_names as names
from vercel_emu.visitors.addresses import documentation_ip
from vercel_emu.visitors.resolve import resolve_visitor

WHO = ("Tokyo", "São Paulo", "Nairobi", "none")
REGIONS = {"Tokyo": "hnd1", "São Paulo": "gru1", "Nairobi": "dxb1", "none": "iad1"}


def expected(who: str) -> dict[str, str | None]:
    """What `geolocation()` returns for a visitor."""
    visitor = resolve_visitor(who)
    country = visitor.country
    degrees = [None if x is None else f"{x:.4f}" for x in (visitor.latitude, visitor.longitude)]
    return {
        "city": visitor.city,
        "country": country,
        "flag": country and "".join(chr(127397 + ord(letter)) for letter in country),
        "countryRegion": visitor.country_region,
        "region": REGIONS[who],
        "latitude": degrees[0],
        "longitude": degrees[1],
        "postalCode": visitor.postal_code,
    }


@pytest.fixture(scope="module")
def fastapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    root = tmp_path_factory.mktemp("fastapi")
    source = templates_dir() / "fastapi"
    write_project(
        root, {str(name): (source / name).read_bytes() for name in template_files("fastapi")}
    )
    with Emulator(root) as emulator:
        yield emulator


def by_api(emulator: Emulator, who: str) -> Any:
    return emulator.get("/api/geo", visitor=who).json()


def by_header(emulator: Emulator, who: str) -> Any:
    return emulator.get("/api/geo", headers={"x-emu-visitor": who.encode()}).json()


def by_cookie(emulator: Emulator, who: str) -> Any:
    with emulator.client() as browser:
        page = browser.get(f"/_emu/visitor/{who}")
        assert (page.status_code, who in page.text) == (200, True)
        return browser.get("/api/geo").json()


def by_set_visitor(emulator: Emulator, who: str) -> Any:
    emulator.set_visitor(who)
    try:
        return emulator.get("/api/geo").json()
    finally:
        emulator.set_visitor(None)


WAYS = (by_api, by_header, by_cookie, by_set_visitor)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_sdk_knows_the_visitor(
    fastapi: Emulator, way: Callable[[Emulator, str], Any], who: str
) -> None:
    assert way(fastapi, who) == expected(who)


def test_the_visitor_of_the_config(fastapi: Emulator, tmp_path: Path) -> None:
    who = "São Paulo"
    write_project(tmp_path, {one.name: one.read_bytes() for one in fastapi.root.glob("*.[pt]*")})
    config = tmp_path / "pyproject.toml"
    config.write_text(f'{config.read_text()}\n[tool.vercel-emu]\nvisitor = "{who}"\n')
    with Emulator(tmp_path) as emulator:
        assert emulator.get("/api/geo").json() == expected(who)


def test_a_browser_goes_back(fastapi: Emulator) -> None:
    with fastapi.client(follow_redirects=True) as browser:
        assert browser.get("/_emu/visitor/Tokyo?to=/api/geo").json()["city"] == "Tokyo"
        assert "Tokyo" in browser.get("/_emu/visitor/").text
        browser.get("/_emu/visitor/reset")
        assert browser.get("/api/geo").json()["city"] == "New York"
        wrong = browser.get("/_emu/visitor/Nowheria")
        assert (wrong.status_code, "Nowheria" in wrong.text) == (400, True)
        elsewhere = browser.get("/_emu/visitor/Tokyo?to=//example.com", follow_redirects=False)
        assert "location" not in elsewhere.headers


# Nobody is mistaken for somebody else

FIELDS = """
import asyncio
import contextvars
import threading
from urllib.parse import unquote

from vercel.functions import get_headers, wait_until

def seen():
    headers = {name.lower(): value for name, value in get_headers().items()}
    return unquote(headers["x-vercel-ip-city"]) + " " + headers["x-real-ip"]

def in_a_thread():
    found = []
    context = contextvars.copy_context()
    thread = threading.Thread(target=lambda: found.append(context.run(seen)))
    thread.start()
    thread.join()
    return found[0]

async def later():
    await asyncio.sleep(0.01)
    print("later", seen())
    print("later in a thread", await asyncio.to_thread(in_a_thread))

def everything():
    wait_until(later())
    print("now", seen())
    return {"here": seen(), "thread": in_a_thread()}
"""

ASGI = """
from fastapi import FastAPI
from seen import everything
app = FastAPI()

@app.get("/sync")
def sync():
    return everything()

@app.get("/async")
async def coroutine():
    return everything()
"""

WSGI = """
from flask import Flask
from seen import everything
app = Flask(__name__)

@app.get("/sync")
def sync():
    return everything()
"""


def somebody(number: int) -> Visitor:
    return Visitor(
        label=f"visitor {number}",
        ip=documentation_ip(str(number)),
        city=f"Città {number}",
        latitude=number / 10,
        longitude=0.0,
    )


@pytest.mark.parametrize(
    ("kind", "app", "paths"),
    [("fastapi", ASGI, ("/sync", "/async")), ("flask", WSGI, ("/sync",))],
    ids=["asgi", "wsgi"],
)
def test_two_hundred_at_once(tmp_path: Path, kind: str, app: str, paths: tuple[str, ...]) -> None:
    files = {"app.py": app, "seen.py": FIELDS, "requirements.txt": f"{kind}\nvercel\n"}
    write_project(tmp_path, files)

    async def ask(emulator: AsyncEmulator, number: int) -> None:
        visitor = somebody(number)
        own = f"{visitor.city} {visitor.ip}"
        response = await emulator.get(paths[number % len(paths)], visitor=visitor, wait=True)
        assert response.json() == {"here": own, "thread": own}
        invocation = response.invocation
        assert invocation.visitor == visitor.label
        # The runtime's WSGI server writes an access log of its own.
        lines = sorted(line.text for line in invocation.logs if "Città" in line.text)
        assert lines == [f"later {own}", f"later in a thread {own}", f"now {own}"]

    async def main() -> None:
        async with Emulator(tmp_path) as emulator:
            await asyncio.gather(*(ask(emulator, number) for number in range(200)))

    asyncio.run(main())


# What a client claims in the platform's own headers

RAW = """
import json

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(pairs).encode()})
"""

RAW_WSGI = """
import json
from flask import Flask, request
app = Flask(__name__)

@app.get("/")
def index():
    return [[name.lower(), value] for name, value in request.headers.items()]
"""

PLATFORM = (
    *(names.FORWARDED, names.FORWARDED_FOR, names.FORWARDED_HOST, names.FORWARDED_PORT),
    *(names.FORWARDED_PROTO, names.REAL_IP, names.VERCEL_FORWARDED_FOR, names.VERCEL_PROXIED_FOR),
    *(names.DEPLOYMENT_URL, names.VERCEL_ID, names.JA4_DIGEST, "x-vercel-oidc-token"),
    *(names.IP_CITY, names.IP_CONTINENT, names.IP_COUNTRY, names.IP_COUNTRY_REGION),
    *(names.IP_LATITUDE, names.IP_LONGITUDE, names.IP_TIMEZONE, names.IP_POSTAL_CODE),
    *(names.IP_AS_NUMBER, names.PROXY_SIGNATURE, names.PROXY_SIGNATURE_TS),
    *(names.SC_HOST, names.SC_BASEPATH, names.SC_HEADERS, names.SC_PROTOCOL),
    *(names.SC_RUNTIME_CACHE, names.SC_NO_HEADER_LEAK),
    *(names.INVOCATION_ID, names.REQUEST_ID, names.DEADLINE),
    *(
        names.INTERNAL_PREFIX + name
        for name in (
            *("ingress-bucket", "ingress-port", "bot-check", "intra-session", "sni-host"),
            *("span-id", "trace-id", "oidc-token", "anything-new"),
        )
    ),
    *("x-vercel-signature", "x-vercel-ip-anything-new"),
)
"""Every name of a request header that the platform adds, and two that it may add one day."""


@pytest.mark.parametrize("overrides", [True, False], ids=["overrides", "no-overrides"])
@pytest.mark.parametrize(
    ("kind", "app"), [("starlette", RAW), ("flask", RAW_WSGI)], ids=["asgi", "wsgi"]
)
def test_no_header_of_the_platform_can_be_spoofed(
    tmp_path: Path, kind: str, app: str, overrides: bool
) -> None:
    write_project(tmp_path, {"app.py": app, "requirements.txt": f"{kind}\n"})
    assert len(set(PLATFORM)) == len(PLATFORM) == 43
    with Emulator(tmp_path, overrides=overrides, visitor="Tokyo") as emulator:
        honest = sorted(name for name, _ in emulator.get("/").json())

        def ask(name: str) -> tuple[str, list[list[str]]]:
            answer = emulator.get("/", headers={name: "spoofed", "x-own": "kept"})
            assert answer.status_code == 200, name
            return name, answer.json()

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, PLATFORM))
    for name, came in answers:
        assert "spoofed" not in json.dumps(came), name
        assert sorted(key for key, _ in came) == sorted([*honest, "x-own"]), name
        headers = dict(came)
        assert headers["x-vercel-ip-city"] == "Tokyo"
        assert headers["x-real-ip"] == headers["x-forwarded-for"] == resolve_visitor("Tokyo").ip


def test_without_overrides_a_request_can_not_choose(tmp_path: Path) -> None:
    write_project(tmp_path, {"app.py": RAW})
    asked = {"x-emu-visitor": "Berlin", "x-emu-city": "Kyoto", "cookie": "emu_visitor=Oslo"}
    with Emulator(tmp_path, overrides=False, visitor="Tokyo") as emulator:
        headers = dict(emulator.get("/", headers=asked).json())
        assert headers["x-vercel-ip-city"] == "Tokyo"
        assert not [name for name in headers if name.startswith("x-emu-")]
        assert emulator.get("/_emu/visitor/Berlin").status_code == 400


def test_a_visitor_on_ipv6(tmp_path: Path) -> None:
    write_project(tmp_path, {"app.py": RAW})
    with Emulator(tmp_path) as emulator:
        headers = dict(emulator.get("/", visitor="2001:db8::7").json())
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == "2001:db8::7"
    assert 'for="[2001:db8::7]"' in headers["forwarded"]
