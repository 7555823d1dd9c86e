"""`play`, `visit` and `visitor` at real emulators, as the commands a person runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from tests.real.support import (
    PATIENCE,
    Emulation,
    alive,
    children_of,
    emulation,
    write_project,
)
from vercel_emu.cli import cli
from vercel_emu.cli.templates_dir import NAMES, template_files, templates_dir
from vercel_emu.errors import EmuError, Where
from vercel_emu.scenarios.play import Player, cast
from vercel_emu.scenarios.scenario import read_scenario
from vercel_emu.transport.client import HttpClient
from vercel_emu.visitors.places import gazetteer

APP = """
import asyncio
import json
from urllib.parse import unquote
from vercel.functions import RuntimeCache, wait_until

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    body = (await receive()).get("body", b"").decode()
    if scope["path"] == "/later":
        wait_until(later())
    found = {
        "city": unquote(headers.get("x-vercel-ip-city", "")) or None,
        "ip": headers["x-real-ip"],
        "team": headers.get("x-team"),
        "method": scope["method"],
        "type": headers.get("content-type"),
        "body": body,
    }
    answer = [(b"content-type", b"application/json"), (b"x-city", b"somewhere")]
    await send({"type": "http.response.start", "status": 200, "headers": answer})
    await send({"type": "http.response.body", "body": json.dumps(found).encode()})

async def later():
    await asyncio.sleep(0.05)
    RuntimeCache().set("late", 1, {"tags": ["slow"]})
"""
FILES = {
    "app.py": APP,
    "pyproject.toml": '[project]\nname = "app"\nversion = "1"\ndependencies = ["vercel"]\n'
    '[tool.vercel-emu.visitors.home]\nplace = "Oslo"\nheaders = { x-team = "red" }\n',
}
type Emulate = Callable[..., Emulation]


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(cli, [str(one) for one in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


# visit and visitor


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulation]:
    with emulation(tmp_path_factory.mktemp("running"), FILES, visitor="New York") as found:
        yield found


def test_visit_shows_the_answers_side_by_side(running: Emulation) -> None:
    result = run(
        *(
            "visit",
            "/api/geo",
            "--as",
            "Tokyo",
            "--as",
            "São Paulo",
            "--as",
            "home",
            "--as",
            "none",
        ),
        *("--project", running.root),
    )
    heading, status, *body = result.stdout.splitlines()
    assert re.split(r"\s{2,}", heading.strip()) == ["Tokyo", "São Paulo", "home", "none"]
    assert status.count("200  ") == 4
    [cities] = [line for line in body if '"city"' in line]
    assert re.findall(r'"city": ("[^"]*"|null)', cities) == [
        '"Tokyo"',
        '"São Paulo"',
        '"Oslo"',
        "null",
    ]


def test_visit_for_scripts(running: Emulation) -> None:
    result = run(
        *("visit", "note?a=1", "--as", "home", "-d", '{"a": 1}', "-H", "X-Own: 1", "--json"),
        *("--project", running.root),
    )
    [told] = json.loads(result.stdout)
    assert (told["visitor"], told["status"], told["duration_ms"] > 0) == ("home", 200, True)
    assert told["headers"]["x-city"] == "somewhere"
    body = told["body"]
    assert (body["method"], body["body"], body["team"]) == ("POST", '{"a": 1}', "red")
    assert body["type"] == "application/json"


def test_the_current_visitor(running: Emulation) -> None:
    where = ("--project", str(running.root))

    def city() -> Any:
        return json.loads(run("visit", "/", "--json", *where).stdout)[0]["body"]["city"]

    assert city() == "New York"
    assert run("visitor", "set", "home", *where).stdout.startswith("home\n  ip ")
    assert city() == "Oslo"
    assert json.loads(run("visitor", "show", "--json", *where).stdout)["label"] == "home"
    assert "São Paulo" in run("visitor", "set", "São", "Paulo", *where).stdout
    assert "home" in run("visitor", "list", *where).stdout
    assert run("visitor", "reset", *where).stdout.startswith("New York\n")
    assert city() == "New York"
    with pytest.raises(EmuError, match="Nowheria"):
        run("visitor", "set", "Nowheria", *where)
    with pytest.raises(EmuError, match=r"^UNKNOWN_PLACE: There is no place") as caught:
        run("visit", "/", "--as", "Nowheria", *where)
    assert "vercel-emu places" in (caught.value.hint or "")
    # Also where the page is no plain text, and where the place is one of pyproject.toml.
    for accept in ("text/html", "application/json"):
        with pytest.raises(EmuError) as caught:
            run("visit", "/", "--as", "Nowheria", "-H", f"accept: {accept}", *where)
        assert caught.value.code == "UNKNOWN_PLACE"


def test_a_refusal_says_where(emulate: Emulate) -> None:
    odd = "[tool.vercel-emu.visitors.odd]\ncity = 3\n"
    root = emulate({**FILES, "pyproject.toml": FILES["pyproject.toml"] + odd}).root
    place = Where("pyproject.toml", "[tool.vercel-emu.visitors.odd] city")
    for command in (("visitor", "set", "odd"), ("visit", "/", "--as", "odd")):
        with pytest.raises(EmuError) as caught:
            run(*command, "--project", root)
        assert (caught.value.code, caught.value.where) == ("INVALID_VISITOR", place)


def test_visit_needs_an_emulator_that_listens(emulate: Emulate, tmp_path: Path) -> None:
    write_project(tmp_path / "none", FILES)
    with pytest.raises(EmuError, match="No emulator runs"):
        run("visit", "/", "--project", tmp_path / "none")
    with pytest.raises(EmuError, match="does not answer"):
        run("visit", "/", "--url", "http://127.0.0.1:1")
    with pytest.raises(EmuError, match="is no header"):
        run("visit", "/", "-H", "nonsense", "--url", "http://127.0.0.1:1")
    strict = emulate(FILES, overrides=False)
    with pytest.raises(EmuError, match="--no-overrides"):
        run("visit", "/", "--as", "Tokyo", "--project", strict.root)


# play

DAY = """\
name = "A day"
seed = 7

[visitors.office]
place = "Berlin"
ip = "198.51.100.7"
headers = { x-team = "blue" }

[places.world]
Tokyo = 3
"São Paulo" = 1
office = 1

[[steps]]
path = "/geo"
draw = "world"
repeat = 60
at-once = 8
[steps.expect]
status = 200
headers = { x-city = "somewhere", x-vercel-id = { matches = "^[a-z]{3}1::" } }
json = [
  { path = "$.city", equals = "{visitor.city}" },
  { path = "$.ip", equals = "{visitor.ip}" },
]

[[steps]]
path = "/team"
as = ["office", "home"]
expect = { json = [{ path = "team", matches = "blue|red" }] }

[[steps]]
path = "/later"
expect = { cache-key = "late", cache-tag = "slow" }
"""


def test_a_folder_is_started_played_and_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    root = write_project(tmp_path / "project", FILES)
    file, junit = tmp_path / "day.toml", tmp_path / "junit.xml"
    file.write_text(DAY)
    result = run("play", file, root, "--junit", junit)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "63 requests passed in" in result.stdout
    assert re.search(r"^JP +\d+ +0 .* hnd1$", result.stdout, re.MULTILINE)
    assert ElementTree.parse(junit).getroot().get("tests") == "63"
    assert not list((root / ".vercel/emu").glob("run/*.json"))
    assert not (root / ".vercel/emu/cache.sqlite3").exists(), "a cache of its own"


def test_a_failed_expectation(
    running: Emulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(running.root)
    file = tmp_path / "wrong.toml"
    file.write_text(DAY.replace('"late"', '"never"').replace("blue|red", "^red"))
    result = run("play", file, "--url", running.url)
    assert result.exit_code == 1
    assert "2 of 63 requests failed" in result.stdout
    assert "cache key\n    expected  holds never\n    came      it is not there" in result.stdout
    assert 'json team\n    expected  matches ^red\n    came      "blue"' in result.stdout
    [command] = re.findall(r"^  (curl .*/team)$", result.stdout, re.MULTILINE)
    again = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True)
    assert json.loads(again.stdout.splitlines()[-1])["team"] == "blue"


def test_the_running_emulator_is_found(
    running: Emulation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(running.root)
    (tmp_path / "day.toml").write_text(DAY)
    first = run("play", tmp_path / "day.toml", "--json")
    told = json.loads(first.stdout)
    assert (told["failed"], told["url"], first.exit_code) == (0, running.url, 0)
    again = json.loads(run("play", tmp_path / "day.toml", "--json").stdout)
    counts = [[(c["name"], c["requests"]) for c in one["countries"]] for one in (told, again)]
    assert counts[0] == counts[1], "the same by seed"


def test_wrong_scenarios(tmp_path: Path) -> None:
    file = tmp_path / "day.toml"
    with pytest.raises(EmuError, match="can't be read"):
        run("play", file)
    file.write_text(DAY.replace("Tokyo = 3", "Nowheria = 3"))
    with pytest.raises(EmuError, match=r'day\.toml, line 10: There is no place "Nowheria"'):
        run("play", file, "--url", "http://127.0.0.1:1")
    file.write_text('steps = [{ path = "/", headers = { a = "b\\nc" } }]')
    with pytest.raises(EmuError, match=r"line breaks|does not answer"):
        run("play", file, "--url", "http://127.0.0.1:1")


def test_playing_again_after_each_reload(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", FILES)
    (tmp_path / "x.toml").write_text('steps = [{ path = "/", expect = { text = "GET" } }]')
    command = [sys.executable, "-m", "vercel_emu", "play", str(tmp_path / "x.toml"), str(root)]
    process = subprocess.Popen(
        [*command, "--watch", "--python", sys.executable],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores it, and so would its children.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert process.stdout is not None
        verdicts = (line for line in process.stdout if " in " in line and "request" in line)
        assert next(verdicts).startswith("1 request passed")
        (root / "app.py").write_text(APP.replace('scope["method"]', '"changed"'))
        assert next(verdicts).startswith("1 of 1 request failed")
        instances = children_of(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert not [pid for pid in instances if alive(pid)]
        assert "Traceback" not in process.stderr.read()  # type: ignore[union-attr]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("name", NAMES)
def test_the_scenario_of_a_template(tmp_path: Path, name: str) -> None:
    source = templates_dir() / name
    root = write_project(
        tmp_path, {str(f): (source / f).read_bytes() for f in template_files(name)}
    )
    result = run("play", root / "scenario.toml", root, "--python", sys.executable)
    assert result.exit_code == 0, result.output


def test_five_thousand_requests_from_a_hundred_cities(running: Emulation, tmp_path: Path) -> None:
    cities = [place.label for place, _ in zip(gazetteer().cities(), range(100), strict=False)]
    weights = "\n".join(f'"{city}" = {1 + number % 5}' for number, city in enumerate(cities))
    file = tmp_path / "world.toml"
    file.write_text(
        f'seed = 11\n[places.world]\n{weights}\n[[steps]]\npath = "/"\ndraw = "world"\n'
        "repeat = 5000\nat-once = 16\n[steps.expect]\nstatus = 200\n"
        'json = [{ path = "city", equals = "{visitor.city}" }, '
        '{ path = "ip", equals = "{visitor.ip}" }]\n'
    )
    told = json.loads(run("play", file, "--url", running.url, "--json").stdout)
    assert (told["requests"], told["failed"]) == (5000, 0)
    assert sum(country["requests"] for country in told["countries"]) == 5000


# The player's own timing and its client, at a small server


@dataclass
class Seen:
    """What a server saw: when requests came (seconds after it began), and how many at once."""

    came: list[float] = field(default_factory=list)
    waiting: int = 0
    at_once: int = 0


@contextlib.asynccontextmanager
async def server(answer: bytes, together: int = 1) -> AsyncIterator[tuple[str, Seen]]:
    """A server that gives each request this answer, as soon as `together` of them are there."""
    seen, began, enough = Seen(), time.monotonic(), asyncio.Barrier(together)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                seen.came.append(time.monotonic() - began)
                seen.waiting += 1
                seen.at_once = max(seen.at_once, seen.waiting)
                await enough.wait()
                await asyncio.sleep(0.01)  # for another that should not come meanwhile
                seen.waiting -= 1
                writer.write(answer)
                if b"connection: close" in answer:
                    break
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", seen


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def play(source: str, answer: bytes = OK, together: int = 1) -> tuple[Any, Seen]:
    scenario = read_scenario(source, "x.toml")

    async def main() -> tuple[Any, Seen]:
        async with server(answer, together) as (url, seen), HttpClient(url) as client:
            player = Player(scenario, cast(scenario, "x.toml"), client, file="x.toml")
            report = player.new_report()
            await player.play(report)
            return report, seen

    return asyncio.run(main())


def test_a_rate_is_kept_and_a_pause_made() -> None:
    source = '[[steps]]\npath = "/"\nrepeat = 6\nrate = 100\npause = 0.1\n[[steps]]\npath = "/b"\n'
    report, seen = play(source)
    assert len(report.results) == 7
    assert seen.came[5] >= 0.049, "the sixth is due 50 ms after the start"
    assert seen.came[6] - seen.came[5] >= 0.099


def test_at_once() -> None:
    _, seen = play('steps = [{ path = "/", repeat = 8 }]')
    assert seen.at_once == 1
    # Nobody is answered before all eight are there.
    eight, seen = play('steps = [{ path = "/", repeat = 8, at-once = 8 }]', together=8)
    assert seen.at_once == 8
    assert [result.request.number for result in eight.results] == list(range(8))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"nonsense\r\n\r\n", "malformed HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\nok", "closed"),
    ],
)
def test_an_answer_that_breaks_off_is_a_failure(answer: bytes, told: str) -> None:
    report, _ = play('steps = [{ path = "/" }]', answer)
    [result] = report.results
    [failure] = result.failures
    assert (result.status, failure.what, failure.expected) == (0, "request", "an answer")
    assert told in failure.came


def test_connections_are_reused_and_replaced() -> None:
    closing = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"
    for answer in (OK, closing):
        report, seen = play('steps = [{ path = "/", repeat = 5 }]', answer)
        assert [len(seen.came), *(result.status for result in report.results)] == [5, *[200] * 5]
