"""`vercel-emu init`: what it writes, and that it never writes over anything unasked."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from vercel_emu.cli.commands import init as init_module
from vercel_emu.cli.commands.init import init
from vercel_emu.cli.templates_dir import NAMES, template_files, templates_dir
from vercel_emu.errors import EmuError


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str, answer: str | None = None) -> Result:
    result = CliRunner().invoke(init, arguments, input=answer)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init_module, "_is_interactive", lambda: True)


def test_every_template_is_listed() -> None:
    output = run().output
    folders = {folder.name for folder in templates_dir().iterdir() if folder.is_dir()}
    assert folders == set(NAMES)
    assert all(name in output for name in NAMES)
    assert not list(Path().iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_template_is_copied_byte_for_byte(name: str) -> None:
    result = run(name)
    assert result.exit_code == 0
    assert result.output.endswith(f"Next:\n  cd {name}\n  vercel-emu dev\n")
    files = sorted(path.relative_to(name) for path in Path(name).rglob("*") if path.is_file())
    assert files == sorted(template_files(name))
    for file in files:
        assert (name / file).read_bytes() == (templates_dir() / name / file).read_bytes()
    assert {"README.md", ".gitignore"} <= {str(file) for file in files}


def test_into_this_folder_needs_no_cd() -> None:
    result = run("flask", ".")
    assert Path("app.py").is_file()
    assert "cd " not in result.output


def test_directory_with_a_space_is_quoted() -> None:
    assert "  cd 'my app'\n" in run("flask", "my app").output


def test_existing_files_are_an_error_and_nothing_is_written() -> None:
    Path("flask").mkdir()
    Path("flask/app.py").write_text("mine")
    with pytest.raises(EmuError, match=r"flask/app\.py") as caught:
        run("flask")
    assert caught.value.code == "FILES_EXIST"
    assert [path.name for path in Path("flask").iterdir()] == ["app.py"]
    assert Path("flask/app.py").read_text() == "mine"


def test_other_files_are_no_conflict_and_stay() -> None:
    Path("flask").mkdir()
    Path("flask/notes.txt").write_text("mine")
    assert run("flask").exit_code == 0
    assert Path("flask/notes.txt").read_text() == "mine"


def test_force_replaces_but_not_through_a_link() -> None:
    Path("flask").mkdir()
    Path("elsewhere.py").write_text("mine")
    Path("flask/app.py").symlink_to(Path("elsewhere.py").absolute())
    assert run("flask", "--force").exit_code == 0
    assert "Flask" in Path("flask/app.py").read_text()
    assert Path("elsewhere.py").read_text() == "mine"


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_terminal_is_asked(answer: str, written: bool) -> None:
    Path("flask").mkdir()
    Path("flask/app.py").write_text("mine")
    result = run("flask", answer=answer)
    assert "flask/app.py" in result.output
    assert (Path("flask/app.py").read_text() != "mine") is written
    assert (result.exit_code == 0) is written


@pytest.mark.usefixtures("terminal")
def test_a_terminal_is_asked_for_the_template() -> None:
    run(answer="handler\n")
    assert Path("handler/index.py").is_file()


def test_unknown_template_names_the_known() -> None:
    with pytest.raises(EmuError, match="no template `rails`") as caught:
        run("rails")
    assert "fastapi, flask, django, handler" in str(caught.value.hint)


def test_a_file_in_place_of_the_directory() -> None:
    Path("flask").write_text("")
    with pytest.raises(EmuError, match="is a file"):
        run("flask")


def test_a_file_in_place_of_a_folder_inside() -> None:
    Path("django").mkdir()
    Path("django/config").write_text("mine")
    with pytest.raises(EmuError, match="could not be written"):
        run("django")
    assert Path("django/config").read_text() == "mine"


def test_what_a_run_leaves_behind_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vercel_emu.cli import templates_dir as module

    kept = ["app.py", ".gitignore", "sub/page.html"]
    for file in [*kept, ".venv/x", ".vercel/emu/cache", "__pycache__/app.pyc", "x.pyc", ".env"]:
        (tmp_path / "one" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "one" / file).touch()
    monkeypatch.setattr(module, "templates_dir", lambda: tmp_path)
    assert sorted(map(str, template_files("one"))) == sorted(kept)
