"""`.env` files: what counts, what is refused, and where a warning points."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.project.helpers import write
from vercel_emu.errors import EmuError, Where
from vercel_emu.project.variables.env_files import (
    RESERVED_NAMES,
    parse_env_files,
    read_env_files,
)


def values(text: str, **shell: str) -> dict[str, str]:
    parsed = parse_env_files([(".env", text)], environ=shell)
    return {entry.name: entry.value for entry in parsed.entries}


def warnings(text: str) -> list[str]:
    return [warning.message for warning in parse_env_files([(".env", text)]).warnings]


def test_values() -> None:
    text = 'A=1\nexport B = two # c\nC=\'x # y\'\nD="l1\\nl2"\nE="a\nb"\nF=\nA=2\n'
    expected = {"A": "2", "B": "two", "C": "x # y", "D": "l1\nl2", "E": "a\nb", "F": ""}
    assert values(text) == expected


def test_references_ask_the_shell_first() -> None:
    text = "A=1\nB=${A}-${X}-${Y:-z}\n"
    assert values(text, X="shell")["B"] == "1-shell-z"
    assert values(text, A="shell")["B"] == "shell--z"


def test_local_wins_over_env_and_the_extra_file_over_both(tmp_path: Path) -> None:
    write(tmp_path, {".env": "A=1\nB=1\nC=1", ".env.local": "B=2\nC=2", "more": "C=3"})
    entries = {e.name: e for e in read_env_files(tmp_path, [tmp_path / "more"]).entries}
    assert {name: entry.value for name, entry in entries.items()} == {"A": "1", "B": "2", "C": "3"}
    assert entries["B"].where == Where(".env.local", "B", 1)


def test_a_root_directory_has_files_above_it(tmp_path: Path) -> None:
    write(tmp_path, {".env.local": "A=1\nB=1", "apps/web/.env": "B=2\n1=1"})
    parsed = read_env_files(tmp_path / "apps/web", link_root=tmp_path)
    assert [(e.name, e.value) for e in parsed.entries] == [("A", "1"), ("B", "2")]
    assert parsed.warnings[0].message.startswith("apps/web/.env:2: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\n\n  \n!! bad =\nB=2", ".env:4: "),
        ("A=1\r\n1X=2\r\n", '.env:2: "1X" is no valid name'),
        ("# c\na-b=2", '.env:2: "a-b" is no valid name'),
        ("\n\nNAME", ".env:3: NAME has no value"),
        ("A='1\n2'\nTZ=Europe/Paris", ".env:3: TZ is reserved by the platform"),
        ("A=x\0y", ".env:1: the value of A holds a NUL"),
    ],
)
def test_a_warning_names_file_and_line(text: str, expected: str) -> None:
    assert [w for w in warnings(text) if w.startswith(expected)], warnings(text)


def test_a_warning_has_its_code_and_place() -> None:
    ignored, reserved = parse_env_files([(".env", "no assignment\nA=1\nTZ=UTC\n")]).warnings
    assert (ignored.code, ignored.where) == ("IGNORED_LINE", Where(".env", line=1))
    assert (reserved.code, reserved.where) == ("RESERVED_VARIABLE", Where(".env", "TZ", 3))


def test_a_line_that_cant_be_read_is_not_repeated() -> None:
    assert all("hunter2" not in text for text in warnings("'PASS hunter2\n"))


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_reserved_names_are_left_out(name: str) -> None:
    assert values(f"{name}=1\nAWS_REGION=x") == {"AWS_REGION": "x"}


def test_a_missing_extra_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "gone", tmp_path):
        with pytest.raises(EmuError, match="ENV_FILE_NOT_FOUND"):
            read_env_files(tmp_path, [path])


def test_an_env_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert read_env_files(tmp_path).entries == ()


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=1\nB=\xff\n")
    with pytest.raises(EmuError, match=r"\.env:2: not UTF-8 \(byte 0xff\)"):
        read_env_files(tmp_path)
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfA=1\n")
    assert read_env_files(tmp_path).entries[0].name == "A"


@given(st.text(max_size=100) | st.text("AB=${}'\"#\n\\ ", max_size=40))
def test_any_text_has_an_answer(text: str) -> None:
    for entry in parse_env_files([("f", text)]).entries:
        assert 1 <= entry.line <= text.count("\n") + text.count("\r") + 1
