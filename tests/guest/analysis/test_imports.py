"""What a file imports, and under which conditions."""

from __future__ import annotations

from textwrap import dedent

import pytest

from vercel_emu.guest.analysis.answer import facts_of
from vercel_emu.guest.analysis.facts import Import


def imports(source: str) -> list[Import]:
    facts = facts_of(dedent(source).encode())
    assert facts.fault is None
    return list(facts.imports)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import a", [("a", None, 0)]),
        ("import a.b as c, d", [("a.b", None, 0), ("d", None, 0)]),
        ("from a.b import c, d as e", [("a.b", "c", 0), ("a.b", "d", 0)]),
        ("from . import a", [("", "a", 1)]),
        ("from ..a import *", [("a", "*", 2)]),
        ("import importlib\nx = importlib.import_module('a.b')", [("a.b", None, 0)]),
        ("x = __import__('a').b", [("a", None, 0)]),
        ("x = import_module(name)", []),
        ("x = import_module('.a', __package__)", []),
        ("x = 1", []),
    ],
)
def test_what_is_imported(statement: str, expected: list[tuple[str, str | None, int]]) -> None:
    found = [one[:3] for one in imports(statement) if one.module != "importlib"]
    assert found == expected


@pytest.mark.parametrize(
    ("source", "conditions"),
    [
        ("import a", ()),
        ("class C:\n    import a", ()),
        ("with x:\n    import a", ()),
        ("def f():\n    import a", ("function",)),
        ("async def f():\n    import a", ("function",)),
        ("class C:\n    def f(self):\n        import a", ("function",)),
        ("if __name__ == '__main__':\n    import a", ("main",)),
        ("if '__main__' == __name__:\n    import a", ("main",)),
        ("if __name__ == '__main__' and x:\n    import a", ("main",)),
        ("if x and __name__ == '__main__':\n    import a", ("main",)),
        ("if __name__ in ('__main__', '__mp_main__'):\n    import a", ("main",)),
        ("if __name__ != '__main__':\n    import a", ()),
        ("if __name__ != '__main__':\n    pass\nelse:\n    import a", ("main",)),
        ("if not __name__ == '__main__':\n    pass\nelse:\n    import a", ("main",)),
        ("if __name__ == '__main__':\n    pass\nelse:\n    import a", ()),
        ("if __name__ == 'app':\n    import a", ("conditional",)),
        ("if __name__ == '__main__' or x:\n    import a", ("conditional",)),
        ("if TYPE_CHECKING:\n    import a", ("typing",)),
        ("if typing.TYPE_CHECKING:\n    import a", ("typing",)),
        ("if t.TYPE_CHECKING and x:\n    import a", ("typing",)),
        ("if not TYPE_CHECKING:\n    import a", ()),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import a", ()),
        ("if TYPE_CHECKING:\n    pass\nelif x:\n    import a", ("conditional",)),
        ("if False:\n    import a", ("conditional",)),
        ("if True:\n    import a", ()),
        ("if sys.version_info < (3, 11):\n    import a", ("conditional",)),
        ("for x in y:\n    import a", ("conditional",)),
        ("while x:\n    import a", ("conditional",)),
        ("match x:\n    case 1:\n        import a", ("conditional",)),
        ("try:\n    import a\nexcept ImportError:\n    a = None", ("optional",)),
        ("try:\n    import a\nexcept ModuleNotFoundError as e:\n    pass", ("optional",)),
        ("try:\n    import a\nexcept (KeyError, ImportError):\n    pass", ("optional",)),
        ("try:\n    import a\nexcept Exception:\n    pass", ("optional",)),
        ("try:\n    import a\nexcept:\n    pass", ("optional",)),
        ("try:\n    import a\nexcept builtins.ImportError:\n    pass", ("optional",)),
        ("try:\n    pass\nexcept ImportError:\n    import a", ("optional", "conditional")),
        ("try:\n    pass\nexcept ImportError:\n    pass\nelse:\n    import a", ("optional",)),
        ("try:\n    pass\nexcept ImportError:\n    pass\nfinally:\n    import a", ()),
        ("try:\n    import a\nexcept ImportError:\n    raise RuntimeError('pip install a')", ()),
        ("try:\n    import a\nexcept ImportError:\n    sys.exit(1)", ()),
        ("try:\n    import a\nexcept KeyError:\n    pass", ()),
        ("try:\n    import a\nfinally:\n    pass", ()),
        ("with suppress(ImportError):\n    import a", ("optional",)),
        ("with contextlib.suppress(KeyError, ImportError):\n    import a", ("optional",)),
        ("with suppress(KeyError):\n    import a", ()),
        (
            "def f():\n    try:\n        import a\n    except ImportError:\n        pass",
            ("function", "optional"),
        ),
    ],
)
def test_under_which_conditions(source: str, conditions: tuple[str, ...]) -> None:
    (found,) = imports(source)
    assert found.conditions == conditions
    assert found.line == source[: source.index("import a")].count("\n") + 1
