"""`vercel-emu env`, in its three formats."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dotenv import dotenv_values

from tests.project.helpers import write
from vercel_emu.cli.commands.env import MASK, env
from vercel_emu.errors import EmuError


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(env, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


def test_json_has_a_documented_shape(tmp_path: Path) -> None:
    write(tmp_path, {".env": "SECRET=hunter2\n1X=2\n"})
    result = run(tmp_path, "--format", "json", "--env", "preview", "--region", "hnd1")
    answer = json.loads(result.stdout)
    assert set(answer) == {"environment", "url", "variables", "warnings"}
    assert answer["url"] is None, "no emulator runs"
    assert answer["environment"] == "preview"
    rows = {row["name"]: row for row in answer["variables"]}
    assert rows["SECRET"] == {"name": "SECRET", "value": MASK, "source": ".env:1", "secret": True}
    assert rows["AWS_REGION"]["value"] == "ap-northeast-1"
    assert "PATH" not in rows
    (warning,) = answer["warnings"]
    assert warning.keys() == {"code", "message", "hint", "where"}
    assert warning["code"] == "IGNORED_LINE"
    assert warning["message"].startswith(".env:2: ")
    assert warning["where"] == {"file": ".env", "key": "1X", "line": 2}
    assert "hunter2" not in result.output


def test_dotenv_reads_back_the_same(tmp_path: Path) -> None:
    value = 'it\'s "a\\b"\n# two'
    text = 'SECRET="it\'s \\"a\\\\b\\"\\n# two"\nEMPTY=\n'
    write(tmp_path, {".env": text})
    out = tmp_path / "out"
    out.write_text(run(tmp_path, "--format", "dotenv", "--show").stdout)
    read = dotenv_values(out)
    assert (read["SECRET"], read["EMPTY"], read["VERCEL"]) == (value, "", "1")
    assert f"SECRET='{MASK}'\n" in run(tmp_path, "--format", "dotenv").stdout


def test_the_table_masks_and_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FROM_SHELL", "noise")
    write(tmp_path, {".env": "SECRET=hunter2\n", "more": "OTHER=" + "x" * 300})
    masked = run(tmp_path, "--env-file", tmp_path / "more")
    assert MASK in masked.stdout
    assert "hunter2" not in masked.output
    assert "noise" not in masked.output
    shown = run(tmp_path, "--show", "--all", "--env-file", tmp_path / "more")
    assert "hunter2" in shown.stdout
    assert "noise" in shown.stdout
    assert "x" * 300 in shown.stdout


@pytest.mark.parametrize("output", ["table", "json", "dotenv"])
def test_bytes_of_the_shell_that_are_not_utf8(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    monkeypatch.setenv("ODD", os.fsdecode(b"a\xffb"))
    assert "a?b" in run(tmp_path, "--all", "--format", output).stdout


def test_a_project_without_an_app_still_has_an_environment(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "flask"})
    assert "VERCEL_URL" in run(tmp_path).stdout


def test_options_of_pyproject_count_and_the_command_line_wins(tmp_path: Path) -> None:
    table = (
        '[tool.vercel-emu]\nregion = "hnd1"\nenv = "preview"\nenv-file = "conf/x"\nlisten = "4000"'
    )
    write(tmp_path, {"pyproject.toml": table, "conf/x": "FROM_FILE=1"})
    lines = run(tmp_path, "--format", "dotenv", "--env", "production", "--show").stdout.split("\n")
    wanted = {
        "VERCEL_REGION='hnd1'",
        "VERCEL_ENV='production'",
        "FROM_FILE='1'",
        "VERCEL_URL='localhost:4000'",
    }
    assert wanted <= set(lines)


def test_an_unknown_region_suggests_one(tmp_path: Path) -> None:
    result = CliRunner().invoke(env, [str(tmp_path), "--region", "iad2"])
    assert isinstance(result.exception, EmuError)
    assert "Did you mean iad1" in (result.exception.hint or "")
