"""What a standby learns, and how it notices that it no longer fits."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

import pytest

from vercel_emu.guest.environ_changes import Change, EnvironChanges
from vercel_emu.guest.modules import ImportStep, learn_steps, library_modules, misfit
from vercel_emu.guest.own_code import (
    Imports,
    OwnCode,
    absolute_imports,
    is_library,
    library_prefixes,
)

FILE = "/p/app.py"
IMPORTS: dict[str, Imports] = {FILE: ((1, "os"), (2, "numpy"), (4, "torch"))}
SET = Change("THREADS", "1", after="numpy", where=((FILE, 3),))
STEP: ImportStep = ["THREADS", "1", ["numpy", "os"]]


def test_steps_are_modules_in_order_with_the_changes_between_them() -> None:
    modules = [("numpy", True), ("app", False), ("torch", True)]
    assert learn_steps(modules, [SET], [], IMPORTS) == ["numpy", STEP, "torch"]


def test_what_was_replayed_comes_first_and_is_not_learned_twice() -> None:
    modules = [("torch", True), ("numpy", True), ("late", True)]
    steps = learn_steps(modules, [SET], ["numpy", STEP, "torch"], IMPORTS)
    assert steps == ["numpy", STEP, "torch", "late"]


def test_nothing_is_imported_before_a_library_that_patches_others() -> None:
    assert learn_steps([("ssl", True), ("gevent.monkey", True)], [], [], {}) == []


REMEMBERED = {"direct": ["numpy", "torch", "os"]}
STEPS: list[ImportStep] = ["os", "numpy", STEP, "torch"]


def test_the_same_code_fits() -> None:
    assert misfit(STEPS, REMEMBERED, IMPORTS, [SET], complete=True) == ""


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [SET, Change("MORE", "1", "torch", ((FILE, 9),))],
        [Change("THREADS", "2", "numpy", ((FILE, 3),))],
        [Change("THREADS", None, "numpy", ((FILE, 3),))],
        [Change("THREADS", "1", "numpy", ((FILE, 9),))],
    ],
)
def test_another_environment_does_not(changes: list[Change]) -> None:
    assert "os.environ" in misfit(STEPS, REMEMBERED, IMPORTS, changes, complete=True)


def test_a_library_that_is_no_longer_imported_does_not_fit() -> None:
    fewer: dict[str, Imports] = {FILE: ((1, "os"), (2, "numpy"))}
    assert misfit(STEPS, REMEMBERED, fewer, [SET], complete=True) == "torch"


def test_a_part_of_the_standard_library_that_is_no_longer_imported_is_no_matter() -> None:
    fewer: dict[str, Imports] = {FILE: ((2, "numpy"), (4, "torch"))}
    step: ImportStep = ["THREADS", "1", ["numpy"]]
    steps = ["os", "numpy", step, "torch"]
    assert misfit(steps, REMEMBERED, fewer, [SET], complete=True) == ""


def test_code_that_failed_on_its_way_is_judged_by_what_it_did() -> None:
    assert misfit(STEPS, REMEMBERED, IMPORTS, [], complete=False) == ""
    assert misfit(STEPS, REMEMBERED, IMPORTS, [SET], complete=False) == ""


def test_a_variable_that_varies_ends_the_comparison() -> None:
    varies = Change("NOW", "12:00", "numpy", ((FILE, 3),))
    remembered = {**REMEMBERED, "direct": [], "varying": ["NOW"]}
    assert misfit(["os", "numpy"], remembered, IMPORTS, [varies], complete=True) == ""
    assert misfit(["os", "numpy"], REMEMBERED, IMPORTS, [varies], complete=True) != ""


def test_imports_of_a_file() -> None:
    text = "import a, b.c\nfrom d import e\nfrom . import own\ndef f():\n    import g\n"
    expected = ((1, "a"), (1, "b.c"), (2, "d"), (2, "d.e"), (5, "g"))
    assert absolute_imports(ast.parse(text)) == expected


def test_what_is_a_library(tmp_path: Path) -> None:
    prefixes = library_prefixes()
    assert is_library("built-in", prefixes)
    assert is_library(os.__file__, prefixes)
    assert is_library(pytest.__file__, prefixes)
    assert not is_library(str(tmp_path / "app.py"), prefixes)
    assert not is_library(None, prefixes)
    names = dict(library_modules(prefixes))
    assert names.get("json", True)
    assert not names["__main__"]
    assert not names.get("os.path", False)


def test_code_is_kept_by_content(tmp_path: Path) -> None:
    own = OwnCode(str(tmp_path / "kept"), library_prefixes())
    path = str(tmp_path / "m.py")

    def value(source: bytes) -> object:
        namespace: dict[str, object] = {}
        exec(own.code_of(path, source), namespace)
        return namespace["x"]

    assert value(b"import os\nx = 1\n") == 1
    assert value(b"import os\nx = 2\n") == 2
    assert value(b"import os\nx = 1\n") == 1
    assert own.imports[os.path.realpath(path)] == ((1, "os"),)
    [file] = (tmp_path / "kept").iterdir()
    file.write_bytes(b"damaged")
    assert value(b"import os\nx = 1\n") == 1
    with pytest.raises(SyntaxError) as error:
        own.code_of(path, b"x = (\n")
    assert error.value.filename == path


def test_only_changes_by_own_modules_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "putenv", os.putenv)
    monkeypatch.setattr(os, "unsetenv", os.unsetenv)
    prefixes = library_prefixes()
    changes = EnvironChanges(prefixes)
    changes.start()
    library = next(iter(prefixes)) + "lib.py"
    code = "import os\nos.environ['OWN_TEST'] = '{}'"
    exec(compile(code.format("a"), FILE, "exec"), {})
    exec(compile(code.format("b"), library, "exec"), {})
    os.environ["OWN_TEST"] = "by a function, outside of any import of a module"
    del os.environ["OWN_TEST"]
    own = [(one.key, one.value, one.where[:1]) for one in changes.made if one.where[0][0] == FILE]
    assert own == [("OWN_TEST", "a", ((FILE, 2),))] or sys.platform == "darwin"
    assert not [one for one in changes.made if one.value == "b"]
