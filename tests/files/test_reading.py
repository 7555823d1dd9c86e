"""Files of somebody else's making: only regular ones are read, and only up to a size."""

from __future__ import annotations

import json
import os
import socket
import tomllib
from pathlib import Path

import pytest

from tests.checkout import ROOT
from vercel_emu.files.parsing import DEEPEST, TooDeepError, parse_json, parse_toml
from vercel_emu.files.reading import (
    CONFIG_BYTES,
    ENV_BYTES,
    LOCK_BYTES,
    SOURCE_BYTES,
    UnfitFileError,
    in_words,
    next_step,
    open_regular,
    read_bytes,
    read_text,
)
from vercel_emu.files.walking import Allowance


def test_a_file_up_to_the_limit_is_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for content in (b"", b"x", b"12345678"):
        file.write_bytes(content)
        assert read_bytes(file, limit=8) == content


def test_a_larger_file_is_refused_with_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    with file.open("wb") as opened:
        opened.truncate(CONFIG_BYTES + 1)
    with pytest.raises(UnfitFileError, match="more than 4 MB, the most that is read") as caught:
        read_bytes(file)
    assert caught.value.filename == str(file)
    assert "ordinary text file" in next_step(caught.value, "otherwise")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="such files are Linux's")
def test_a_file_without_a_size_is_read_and_bounded() -> None:
    assert read_bytes(Path("/proc/self/status")).startswith(b"Name:")
    with pytest.raises(UnfitFileError):
        read_bytes(Path("/proc/self/status"), limit=10)


def test_what_is_no_file_is_refused_by_its_kind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(tmp_path / "socket"))
        kinds = {"pipe": "a named pipe", "zero": "a device", "socket": "a socket"}
        for name, kind in kinds.items():
            with pytest.raises(UnfitFileError, match=f"it is {kind}, not a file"):
                read_bytes(tmp_path / name)
            with pytest.raises(UnfitFileError):
                open_regular(tmp_path / name)


def test_what_is_not_there_keeps_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "none")
    with pytest.raises(IsADirectoryError) as caught:
        read_bytes(tmp_path)
    assert next_step(caught.value, "otherwise") == "otherwise"


def test_text_is_read_as_everywhere_else(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert read_text(file) == "one\ntwo\nthree\n"
    file.write_bytes(b"\xff")
    assert read_text(file, errors="replace") == "\N{REPLACEMENT CHARACTER}"
    with pytest.raises(UnicodeDecodeError):
        read_text(file)


@pytest.mark.parametrize(
    ("size", "words"), [(1024, "1 KB"), (256 * 1024, "256 KB"), (4 * 1024 * 1024, "4 MB")]
)
def test_a_limit_in_words(size: int, words: str) -> None:
    assert in_words(size) == words


def test_the_docs_tell_the_limits() -> None:
    text = (ROOT / "docs" / "differences.md").read_text()
    section = text.partition("## Files and folders that are refused")[2].partition("\n## ")[0]
    for limit in (CONFIG_BYTES, ENV_BYTES, LOCK_BYTES, SOURCE_BYTES):
        assert in_words(limit) in section
    allowance = Allowance()
    assert f"{allowance.folders:,} folders or {allowance.files:,} files" in section
    assert f"{DEEPEST} levels deep" in section


@pytest.mark.parametrize("depth", [DEEPEST + 1, 900, 2_000, 100_000])
def test_deep_values_are_no_values(depth: int) -> None:
    texts = ["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, "[" * depth]
    for text in texts:
        with pytest.raises((TooDeepError, json.JSONDecodeError)):
            parse_json(text)
    keys = ".".join(["a"] * min(depth, 3_000))
    for text in (f"a = {texts[0]}", f"a = {'[' * depth}", f"{keys} = 1", f"[{keys}]\nb = 1"):
        with pytest.raises((TooDeepError, tomllib.TOMLDecodeError)):
            parse_toml(text)


def test_the_depth_is_named() -> None:
    with pytest.raises(TooDeepError, match=f"nested more than {DEEPEST} levels deep"):
        parse_json("[" * 1_000 + "]" * 1_000)


def test_what_is_not_deep_is_a_value() -> None:
    depth = DEEPEST - 1
    assert parse_json("[" * depth + "]" * depth)
    assert parse_json('{"a": [1, {"b": 2}]}') == {"a": [1, {"b": 2}]}
    assert parse_toml("a.b = [[1]]") == {"a": {"b": [[1]]}}
