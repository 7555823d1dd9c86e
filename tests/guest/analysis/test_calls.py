"""Which calls an import of a file makes, and what their names stand for."""

from __future__ import annotations

from textwrap import dedent

import pytest

from vercel_emu.guest.analysis.answer import facts_of
from vercel_emu.guest.analysis.facts import Call


def calls(source: str) -> list[Call]:
    facts = facts_of(dedent(source).encode())
    assert facts.fault is None
    return list(facts.calls)


@pytest.mark.parametrize(
    ("source", "callee"),
    [
        ("run()", "run"),
        ("import uvicorn\nuvicorn.run(x)", "uvicorn.run"),
        ("import uvicorn as u\nu.run(x)", "uvicorn.run"),
        ("from uvicorn import run\nrun(x)", "uvicorn.run"),
        ("from uvicorn import run as start\nstart(x)", "uvicorn.run"),
        ("import a.b.c\na.b.c.run()", "a.b.c.run"),
        ("from . import web\nweb.run()", ".web.run"),
        ("from flask import Flask\napp = Flask(__name__)\napp.run()", "flask.Flask().run"),
        ("import flask\napp: object = flask.Flask('x')\napp.run()", "flask.Flask().run"),
        ("import flask\nx = app = flask.Flask('x')\napp.run()", "flask.Flask().run"),
        ("import flask\nflask.Flask('x').run()", "flask.Flask().run"),
        ("import a\nx = a.f\ny = x\ny()", "a.f"),
        ("import a\nx = y = 1\nx, y = a.f(), a.g()\nx.run()", "?.run"),
        ("import a\nfor x in a.f():\n    x.run()", "?.run"),
        ("import a\nwith a.open() as x:\n    x.run()", "a.open().run"),
        ("import a\nclass App(a.Flask): ...\napp = App()\napp.run()", "a.Flask().run"),
        ("def make():\n    return Flask()\nmake().run()", "Flask().run"),
        ("def make():\n    x = A()\n    return x\ny = make()\ny.run()", "A().run"),
        ("def make():\n    from a import A\n    return A()\nmake().run()", "a.A().run"),
        ("def make():\n    if x:\n        return A()\n    return B()\nmake().run()", "?.run"),
        ("def make():\n    return make()\nmake().run()", "?.run"),
        ("import a\nif x:\n    app = a.A()\nelse:\n    app = a.B()\napp.run()", "?.run"),
        ("import a\ntry:\n    x = a.A()\nexcept E:\n    x = a.A()\nx.run()", "a.A().run"),
        ("from pathlib import Path\n(Path('a') / 'b').mkdir()", "pathlib.Path().mkdir"),
        ("x[0].run()", "?.run"),
    ],
)
def test_what_the_last_call_stands_for(source: str, callee: str) -> None:
    last = max(call.line for call in calls(source))
    assert callee in [call.callee for call in calls(source) if call.line == last]


@pytest.mark.parametrize(
    ("source", "conditions"),
    [
        ("run()", ()),
        ("x = [run()]", ()),
        ("x = run() if y else z", ()),
        ("class C:\n    x = run()", ()),
        ("@run()\ndef f(): ...", ()),
        ("def f(x=run()): ...", ()),
        ("def f(*, x=run()): ...", ()),
        ("with run():\n    pass", ()),
        ("if run():\n    pass", ()),
        ("try:\n    run()\nexcept OSError:\n    pass", ()),
        ("if __name__ == '__main__':\n    run()", ("main",)),
        ("if debug:\n    run()", ("conditional",)),
        ("while True:\n    run()", ("conditional",)),
        ("try:\n    pass\nexcept OSError:\n    run()", ("conditional",)),
        ("def main():\n    run()\nmain()", ()),
        ("def main():\n    run()\nif __name__ == '__main__':\n    main()", ("main",)),
        ("def main():\n    if x:\n        return\n    run()\nmain()", ("conditional",)),
        ("def a():\n    run()\ndef b():\n    a()\nb()", ()),
        ("import asyncio\nasync def main():\n    run()\nasyncio.run(main())", ()),
        ("import anyio\nasync def main():\n    run()\nanyio.run(main)", ()),
        ("import asyncio\nasync def m():\n    run()\nl = x()\nl.run_until_complete(m())", ()),
    ],
)
def test_calls_that_are_made_at_import(source: str, conditions: tuple[str, ...]) -> None:
    (found,) = [call for call in calls(source) if call.written == "run"]
    assert found.conditions == conditions


@pytest.mark.parametrize(
    "source",
    [
        "def main():\n    run()",
        "async def main():\n    run()",
        "async def main():\n    run()\nmain()",
        "x = lambda: run()",
        "class C:\n    def f(self):\n        run()",
        "def main():\n    def inner():\n        run()\nmain()",
        "@command\ndef main():\n    run()\nmain()",
        "def main():\n    run()\n    yield\nmain()",
        "def main():\n    run()\nfrom other import main\nmain()",
    ],
)
def test_calls_that_are_not(source: str) -> None:
    assert [call for call in calls(source) if call.written == "run"] == []


def test_a_call_is_told_with_its_arguments_and_its_way() -> None:
    found = calls(
        """
        def main(port):
            app.run("0.0.0.0", port=8000 + port, **more)

        main(1)
        """
    )
    assert found[-1] == Call(
        callee="app.run",
        written="app.run",
        line=3,
        arguments=("'0.0.0.0'",),
        keywords=(("port", "8000 + port"), ("**", "more")),
        through=5,
    )
