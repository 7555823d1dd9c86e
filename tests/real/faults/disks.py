"""Disks that a test may fill or make read-only; skipped by name where mounting isn't allowed."""

from __future__ import annotations

import errno
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def mount(*arguments: object) -> None:
    command = ["mount", *map(str, arguments)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("mounting is not possible here: no mount command")
    if done.returncode:
        pytest.skip(f"mounting is not possible here: {done.stderr.strip()}")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """`tmp_path/project` on a disk of 8 MB of its own."""
    folder = tmp_path / "project"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=8m", "none", folder)
    yield folder
    unmount(folder)


def can_write(file: io.RawIOBase, size: int) -> bool:
    try:
        return bool(file.write(b"x" * size))
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return False
        raise


def fill(disk: Path) -> Path:
    """Leave no space; the file to remove for it to have some again."""
    filler = disk / "filler.bin"
    with filler.open("wb", buffering=0) as opened:
        for size in (65536, 1):
            while can_write(opened, size):
                pass
    return filler


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """`tmp_path/project`, to be made read-only with `lock`."""
    folder = tmp_path / "project"
    folder.mkdir()
    mount("--bind", folder, folder)
    yield folder
    unmount(folder)


def lock(folder: Path) -> None:
    mount("-o", "remount,ro,bind", folder)
