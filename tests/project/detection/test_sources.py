"""Files are read by the grammar of the app's own interpreter."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.project.helpers import write
from tests.real.interpreters import interpreters
from vercel_emu.project.detection.sources import Sources

NEWER_THAN_3_12 = "class Box[T = int]: ...\nimport a\napp = Box()\n"


@pytest.fixture(scope="module")
def other_python() -> tuple[str, Path]:
    """A Python of another minor version than this one."""
    own = f"3.{sys.version_info.minor}."
    for version, python in interpreters().items():
        if not version.startswith(own):
            return version, python
    pytest.skip("there is one Python only on this machine")


def stand_in(folder: Path, body: str) -> Path:
    """A program in the place of the app's interpreter."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return program


def test_each_file_is_read_once(tmp_path: Path) -> None:
    sources = Sources(write(tmp_path, {"a.py": "app = 1", "b.py": "x = 1"}))
    assert sources.exports(["a.py", "b.py"]) == {"a.py": "app", "b.py": None}
    (tmp_path / "a.py").unlink()
    assert sources.export("a.py") == "app"


def test_the_apps_interpreter_is_asked_only_for_what_ours_refuses(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    python = stand_in(tmp_path, f'touch {asked}; exec {sys.executable} "$@"')
    write(tmp_path, {"good.py": "app = 1", "binary.py": "app = 1\0", "bad.py": "app = ("})
    sources = Sources(tmp_path, python)
    assert sources.exports(["good.py", "binary.py"]) == {"good.py": "app", "binary.py": None}
    assert not asked.exists()
    assert sources.export("bad.py") is None
    assert asked.exists()
    fault = sources.fault("bad.py")
    assert fault is not None
    assert (fault.line, fault.column, fault.text) == (1, 7, "app = (")


def test_one_of_the_same_grammar_is_never_asked(tmp_path: Path) -> None:
    python = stand_in(tmp_path, f"touch {tmp_path}/asked")
    sources = Sources(write(tmp_path, {"bad.py": "app = ("}), python, same_grammar=True)
    assert sources.export("bad.py") is None
    assert sources.facts(["bad.py"])["bad.py"].fault is not None
    assert not (tmp_path / "asked").exists()


def test_its_answer_counts(tmp_path: Path) -> None:
    answer = '{"app.py": [null, "app", [["a", null, 0, 2, []]], [], [], [], []]}'
    python = stand_in(tmp_path, f"cat > /dev/null; echo '{answer}'")
    sources = Sources(write(tmp_path, {"app.py": "app of the future"}), python)
    assert sources.export("app.py") == "app"
    assert sources.fault("app.py") is None
    assert [one.module for one in sources.facts(["app.py"])["app.py"].imports] == ["a"]


@pytest.mark.parametrize("body", ["exit 1", "echo nonsense", "kill $$"])
def test_one_that_does_not_answer_leaves_our_own_reading(tmp_path: Path, body: str) -> None:
    write(tmp_path, {"good.py": "app = 1", "bad.py": "app = ("})
    sources = Sources(tmp_path, stand_in(tmp_path, body))
    assert sources.exports(["good.py", "bad.py"]) == {"good.py": "app", "bad.py": None}
    facts = sources.facts(["good.py", "bad.py"])
    assert facts["good.py"].export == "app"
    assert facts["bad.py"].fault == sources.fault("bad.py")


@pytest.mark.parametrize("own_files", [{}, {"json.py": "app = 1"}, {"ast.py": "raise SystemExit"}])
def test_another_python_reads_by_its_own_grammar(
    tmp_path: Path, other_python: tuple[str, Path], own_files: dict[str, str]
) -> None:
    version, python = other_python
    sources = Sources(write(tmp_path, {**own_files, "app.py": NEWER_THAN_3_12}), python)
    facts = sources.facts(["app.py"])["app.py"]
    if not version.startswith("3.12."):
        assert facts.export == sources.export("app.py") == "app"
        assert [one.module for one in facts.imports] == ["a"]
    else:
        assert facts.fault is not None
        assert facts.fault.line == 1


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    facts = Sources(tmp_path).facts(["gone.py"])
    assert facts["gone.py"].fault is not None
    assert "No such file" in facts["gone.py"].fault.reason
