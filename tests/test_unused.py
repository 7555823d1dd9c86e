"""No production definition is used by tests alone, or by nobody."""

from __future__ import annotations

import textwrap
import tomllib
from functools import cache

from tests.checkout import ROOT
from tests.unused import Definition, find_unused, sources

# Modules that people import: nothing in them has to be used by ourselves.
DOORS = ("vercel_emu/__init__.py", "vercel_emu/pytest_plugin.py")
DOOR_FOLDERS = ("vercel_emu/testing/", "vercel_emu/functions/")

# It has the names of an official API, used or not.
MIRROR = "vercel_emu/guest/functions_api/"

CALLED_BY = {
    "asyncio, on a protocol": "eof_received connection_lost pause_writing resume_writing",
    "httptools, on a parser's protocol": "on_message_begin on_url on_header on_headers_complete"
    " on_body on_message_complete",
    "uvicorn, on its HTTP protocol and its server": "on_response_complete capture_signals",
    "click, on a group, a command and a shell": "format_commands format_options resolve_command"
    " shell_complete get_completions get_completion_args",
    # Without them, tests would have to wait for a second of real time, or reach into privates.
    "tests of the stores' background work and retries": "settle upkeep_is_due retry_now",
}
CALLED = frozenset(name for names in CALLED_BY.values() for name in names.split())


@cache
def unused(called: frozenset[str]) -> list[Definition]:
    ours = sources(ROOT / "vercel_emu", root=ROOT)
    package = {path: source for path, source in ours.items() if not path.startswith(MIRROR)}
    mirror = [source for path, source in ours.items() if path.startswith(MIRROR)]
    beside = sources(*(ROOT / name for name in ("scripts", "benchmarks", "templates")), root=ROOT)
    doors = [path for path in package if path in DOORS or path.startswith(DOOR_FOLDERS)]
    entry_points = [f"from {module} import {name}" for module, name in entry_points_of_project()]
    others = [*mirror, *beside.values(), *entry_points]
    return find_unused(package, others=others, doors=doors, called=called)


def entry_points_of_project() -> list[tuple[str, str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    targets = [target.split(":") for target in project["scripts"].values()]
    return [(module, name) for module, name in targets]


def test_every_definition_is_used_in_production() -> None:
    found = "\n".join(map(str, unused(CALLED)))
    assert not found, f"Delete these and their tests, or say in CALLED_BY who calls them:\n{found}"


def test_no_exception_is_stale() -> None:
    assert {one.bare_name for one in unused(frozenset())} >= CALLED


def names(
    files: dict[str, str], others: tuple[str, ...] = (), called: tuple[str, ...] = ()
) -> list[str]:
    package = {path: textwrap.dedent(source) for path, source in files.items()}
    return [one.name for one in find_unused(package, others=others, called=called)]


def test_every_kind_of_definition_is_found() -> None:
    source = """
        import typing
        LIMIT = 1
        FIRST, SECOND = 1, 2
        typed: int = 1
        type Alias = int
        def function(): ...
        async def coroutine(): ...
        class Thing:
            def method(self): ...
            async def waits(self): ...
            def _own(self): ...
            def __len__(self): ...
        if typing.TYPE_CHECKING:
            def nested(): ...
        try:
            KNOWN = 1
        except ImportError:
            KNOWN = 2
        else:
            OTHER = 3
    """
    assert names({"a.py": source}) == [
        "LIMIT", "FIRST", "SECOND", "typed", "Alias", "function", "coroutine", "Thing",
        "Thing.method", "Thing.waits", "nested", "KNOWN", "KNOWN", "OTHER",
    ]  # fmt: skip


def test_every_kind_of_use_is_seen() -> None:
    source = """
        import attrs
        from operator import attrgetter
        def read(): ...
        def imported(): ...
        def dotted(): ...
        class Base: ...
        class Child(Base):
            def called(self): ...
            def named(self): ...
            def fetched(self): ...
            @property
            def matched(self): ...
        class Matched: ...
        class Annotated: ...
        MARK = 1
        @attrs.command("x")
        def registered(argument: Annotated, /, mark=MARK): read()
    """
    uses = """
        import a
        from a import Child, imported
        a.dotted()
        Child().called()
        getattr(Child(), "named")
        attrgetter("fetched")
        match 1:
            case a.Matched(matched=1): ...
    """
    assert names({"a.py": source}, (textwrap.dedent(uses),)) == []


def test_a_definition_does_not_keep_itself_alive_nor_what_it_alone_uses() -> None:
    source = """
        LIMIT = 1
        def first(): return second()
        def second(): return LIMIT
        def recursive(): return recursive()
        class Node:
            def make(self): return Node()
            def walk(self): self.walk()
    """
    everything = ["LIMIT", "first", "second", "recursive", "Node", "Node.make", "Node.walk"]
    assert names({"a.py": source}) == everything
    used = "from a import first, Node; Node().make()"
    assert names({"a.py": source}, (used,)) == ["recursive", "Node.walk"]


def test_a_plain_name_means_something_of_its_own_module_only() -> None:
    other = "def run(read): return read\nrun"
    assert names({"a.py": "def read(): ...", "b.py": other}) == ["read"]
    assert names({"a.py": "def read(): ...", "b.py": "from a import read"}) == []


def test_a_package_that_only_passes_a_name_on_does_not_use_it() -> None:
    files = {"p/__init__.py": "from p.a import read", "p/a.py": "def read(): ..."}
    assert names(files) == ["read"]
    assert find_unused(files, doors=["p/__init__.py"]) == []
    assert names(files, ("from p import read",)) == []


def test_a_door_may_name_on_demand_what_it_gives() -> None:
    files = {
        "p/__init__.py": "def __getattr__(name): return {'Late': 1}[name]",
        "p/a.py": "class Late: ...\nclass Never: ...",
    }
    found = find_unused(files, doors=["p/__init__.py"])
    assert [str(one) for one in found] == ["p/a.py:2 Never"]


def test_what_a_framework_calls_is_used_and_what_that_uses_is_too() -> None:
    source = """
        def act(): ...
        class Protocol:
            def connection_made(self): act()
        Protocol
    """
    assert names({"a.py": source}) == ["act", "Protocol.connection_made"]
    assert names({"a.py": source}, called=("connection_made",)) == []
