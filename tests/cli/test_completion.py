"""What the shell completes, and the scripts that make it."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.project.helpers import write
from tests.real.support import PATIENCE
from vercel_emu.cli import COMMANDS, cli
from vercel_emu.cli.completing import SHELLS


def completed(words: str, shell: str = "zsh") -> list[str]:
    """The values offered for the last word; an empty one after a space."""
    environ = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    kind = SHELLS[shell]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        found = kind(cli, {}, "vercel-emu", "_VERCEL_EMU_COMPLETE")
        args, incomplete = found.get_completion_args()
        return [item.value for item in found.get_completions(args, incomplete)]


def test_commands() -> None:
    assert completed("vercel-emu ") == list(COMMANDS)
    assert completed("vercel-emu vi") == ["visitor", "visit"]
    assert completed("vercel-emu cache expi") == ["expire-tag"]


def test_options_and_their_values() -> None:
    assert "--visitor" in completed("vercel-emu dev --v")
    assert completed("vercel-emu dev --env pro") == ["production"]
    assert completed("vercel-emu dev --region h") == ["hkg1", "hnd1"]
    assert completed("vercel-emu dev --region FRA") == ["fra1"]
    assert completed("vercel-emu completion f") == ["fish"]


@pytest.mark.parametrize(
    "words", ["dev --visitor", "visit /api --as", "route /x --as", "visitor set", "run --env"]
)
def test_places_where_a_visitor_is_named(words: str) -> None:
    found = completed(f"vercel-emu {words} tok")
    assert found[:1] == ([] if words.startswith("run") else ["Tokyo"])


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("osl", "Oslo"),
        ("sao", "São Paulo"),
        ("mün", "Munich"),
        ("New", "New York"),
        ("東京", "Tokyo"),
    ],
)
def test_the_largest_place_comes_first(typed: str, first: str) -> None:
    assert completed(f"vercel-emu visit / --as {typed}")[0] == first


def test_every_place_that_is_offered_means_one() -> None:
    from vercel_emu.visitors.resolve import resolve_visitor

    for typed in ("san", "par", "spring"):
        names = completed(f"vercel-emu visit / --as {typed}")
        assert len(names) == len(set(names)) > 5
        for name in names:
            assert resolve_visitor(name).city, name


def test_without_a_letter_the_largest_cities_and_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = completed("vercel-emu visit / --as ")
    assert found[0] == "none"
    assert "Shanghai" in found


def test_visitors_of_the_project_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[tool.vercel-emu.visitors.tokio-hotel]\nplace = "Berlin"\n'
    write(tmp_path, {"pyproject.toml": text})
    monkeypatch.chdir(tmp_path)
    assert completed("vercel-emu dev --visitor tok")[:1] == ["tokio-hotel"]
    write(tmp_path, {"pyproject.toml": "no TOML ["})
    assert completed("vercel-emu dev --visitor tok")[:1] == ["Tokyo"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("dev --visitor=osl", ["Oslo"]),
        ("dev --visitor = osl", ["Oslo"]),
        ("visit / --as sao", ["São Paulo"]),
    ],
)
def test_bash_has_words_of_its_own(words: str, found: list[str]) -> None:
    assert completed(f"vercel-emu {words}", "bash")[:1] == found


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_a_shell(shell: str) -> None:
    result = CliRunner().invoke(cli, ["completion", shell])
    assert result.exit_code == 0
    assert f"_VERCEL_EMU_COMPLETE={shell}_complete" in result.stdout
    if shell == "bash":
        assert 'printf -v value %q "$value"' in result.stdout
    if shell == "fish":
        assert 'string split -m 1 ","' in result.stdout


def test_an_unknown_shell() -> None:
    result = CliRunner().invoke(cli, ["completion", "powershell"])
    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.output


def test_pressing_tab_in_bash(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    environ = {**os.environ, "PS1": "$ ", "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [bash, "--norc", "--noprofile", "-i"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environ,
        cwd=tmp_path,
        start_new_session=True,
    )
    os.close(slave)
    shown = ""
    try:
        os.write(master, b'eval "$(vercel-emu completion bash)"; echo rea""dy\n')
        for typed, seen in (
            (b"", "ready\r\n"),
            (b"vercel-emu visit / --as Toky\t", "--as Tokyo "),
            (b"\x15vercel-emu visit / --as New\\ Yo\t", "New\\ York "),
            (b'\x15vercel-emu visit / --as "New Yo\t', '"New York" '),
            (b"\x15vercel-emu cache expi\t", "expire-tag "),
        ):
            os.write(master, typed)
            give_up = time.monotonic() + PATIENCE
            while seen not in shown:
                assert time.monotonic() < give_up, shown
                if select.select([master], [], [], 0.2)[0]:
                    shown += os.read(master, 65536).decode(errors="replace")
    finally:
        process.kill()
        process.wait()
        os.close(master)
