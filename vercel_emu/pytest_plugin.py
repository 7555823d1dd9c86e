"""The pytest plugin (extra `vercel-emu[testing]`): fixtures `emulator` and `visitor`.

It is loaded in every pytest run of everyone who has the package, so it imports nothing of the
emulator until a test asks for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from vercel_emu import Emulator, Visitor
    from vercel_emu.testing.invocation import Invocation

LINES_SHOWN = 200
END_SECONDS = 1.0
TRACEBACK_SECONDS = 2.0

_emulator = pytest.StashKey["Emulator"]()
_before = pytest.StashKey[tuple[str, int]]()
"""The last invocation before a test, and how many lines the app had written."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "vercel_emu_project",
        "The folder of the project that the `emulator` fixture runs, from the root folder.",
        default=".",
    )
    parser.addini(
        "vercel_emu_options",
        "Options of `vercel-emu dev` for the `emulator` fixture, a `name = value` each line.",
        type="linelist",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "visitor(*who): run the test once as each of these visitors of the `emulator` fixture.",
    )


@pytest.fixture(scope="session")
def emulator(pytestconfig: pytest.Config) -> Iterator[Emulator]:
    """The project's emulator (`vercel_emu.Emulator`), one for the whole run.

    Its runtime cache is empty at the start of each test.
    """
    running = _plainly("vercel-emu", lambda: _started(pytestconfig))
    pytestconfig.stash[_emulator] = running
    try:
        yield running
    finally:
        del pytestconfig.stash[_emulator]
        running.__exit__(None, None, None)


@pytest.fixture
def visitor(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[Visitor]:
    """Who asks in this test: one of `@pytest.mark.visitor("Tokyo", ...)`, else the default."""
    who = getattr(request, "param", None)
    _plainly("@pytest.mark.visitor", lambda: emulator.set_visitor(who))
    yield emulator.visitor
    emulator.set_visitor(None)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The marker parametrizes a test, also one that doesn't name the fixture."""
    marker = metafunc.definition.get_closest_marker("visitor")
    if marker is None or not marker.args:
        return
    if "visitor" not in metafunc.fixturenames:
        metafunc.fixturenames.append("visitor")
    ids = [str(getattr(who, "label", who)) for who in marker.args]
    metafunc.parametrize("visitor", marker.args, indirect=True, ids=ids)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A parametrized test that doesn't name the fixture needs it all the same."""
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            chosen = "visitor" in item.callspec.params and item.get_closest_marker("visitor")
            if chosen and "visitor" not in item.fixturenames:
                item.fixturenames.append("visitor")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    running = item.config.stash.get(_emulator, None)
    if running is not None:
        running.cache.clear()
        last = running.invocations[-1:]
        item.stash[_before] = (last[0].id if last else "", running.log_count)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    running = item.config.stash.get(_emulator, None)
    if running is not None and report.failed:
        last, count = item.stash.get(_before, ("", 0))
        invocations = _since(running, last)
        if any(one.status >= 500 for one in invocations):
            # A server writes the traceback of a failed request when the invocation is over.
            running.wait_for_log("Traceback", since=count, seconds=TRACEBACK_SECONDS)
        found = "\n".join(map(_described, invocations))
        lines = [line.text for line in running.logs_since(count) if not line.invocation_id]
        for title, text in (("invocations", found), ("log", "\n".join(lines[-LINES_SHOWN:]))):
            if text:
                report.sections.append((f"vercel-emu {title} ({report.when})", text))
    return report


def _since(running: Emulator, last: str) -> list[Invocation]:
    """The invocations of this test, the oldest first."""
    found: list[Invocation] = []
    for invocation in reversed(running.invocations):
        if invocation.id == last:
            break
        found.append(invocation)
    for invocation in found:
        with contextlib.suppress(Exception):
            invocation.wait(END_SECONDS)
    return found[::-1]


def _described(invocation: Invocation) -> str:
    head = f"{invocation.status or 'running'} {invocation.method} {invocation.path}"
    facts = [f"{invocation.duration_ms:.1f} ms", invocation.visitor]
    facts += ["cold start"] if invocation.cold else []
    facts += [invocation.error_code] if invocation.error_code else []
    lines = [f"  {line.text}" for line in invocation.logs[:LINES_SHOWN]]
    return "\n".join([f"{head} ({', '.join(facts)})", *lines])


def _plainly[T](where: str, action: Callable[[], T]) -> T:
    """What `action` returns; its `EmuError` is a failure of its words alone."""
    from vercel_emu.errors import EmuError

    try:
        return action()
    except EmuError as error:
        problem = str(error)
    return pytest.fail(f"{where}: {problem}", pytrace=False)


def _started(config: pytest.Config) -> Emulator:
    from vercel_emu import Emulator

    project = config.rootpath / config.getini("vercel_emu_project")
    return Emulator(project, **_options(config.getini("vercel_emu_options"))).__enter__()


def _options(lines: list[str]) -> dict[str, Any]:
    """`max_duration = 5` as a keyword; values are TOML, or plain text where they are not."""
    import tomllib

    found: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition("=")
        try:
            parsed = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            parsed = value.strip()
        found[name.strip().replace("-", "_")] = parsed
    return found
