"""Projects whose folder can't be written: read-only, something in the way, a full disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.real.conftest import Dev, Emulate
from tests.real.support import DevProcess, clean_environ, wait_until, write_project
from vercel_emu import events

APP = """
from fastapi import FastAPI
from vercel.functions import RuntimeCache

app = FastAPI()


@app.get("/set/{name}")
def set_(name: str, size: int = 1):
    RuntimeCache().set(name, "x" * size)
    return name


@app.get("/get/{name}")
def get(name: str):
    return len(RuntimeCache().get(name) or "")


@app.get("/fill")
def fill():
    with open("filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError as error:
            return error.strerror
"""
FILES = {"app.py": APP, "requirements.txt": "fastapi"}


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[Path]:
    """A temporary folder of the emulator's own, in a short place for its sockets."""
    folder = Path(tempfile.mkdtemp(prefix="emu-"))
    yield folder
    shutil.rmtree(folder)


def command(root: Path, temporary: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vercel_emu", *words],
        cwd=root,
        env=clean_environ(TMPDIR=str(temporary)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def warnings(emulator: DevProcess) -> list[dict[str, Any]]:
    return emulator.reported("Notice", code="CACHE_IN_MEMORY")


def test_a_file_in_the_way_of_the_folder(dev: Dev, temporary: Path) -> None:
    """It serves, other commands find it, and it leaves nothing behind."""
    environ = clean_environ(TMPDIR=str(temporary))
    emulator = dev({**FILES, ".vercel": "a file"}, environ=environ).wait_ready()
    assert emulator.get("/set/a").status_code == 200
    assert emulator.get("/get/a").json() == 1
    (warning,) = warnings(emulator)
    assert str(emulator.root / ".vercel" / "emu") in warning["message"]
    assert "not a folder" in warning["message"]
    assert "--cache memory" in warning["hint"]
    stored = command(emulator.root, temporary, "cache", "set", "b", "1")
    assert (stored.returncode, stored.stdout) == (0, "Stored 'b'.\n"), stored.stderr
    changed = command(emulator.root, temporary, "visitor", "set", "Tokyo")
    assert changed.returncode == 0, changed.stderr
    emulator.process.terminate()
    assert emulator.exit_code() == 0
    assert (emulator.root / ".vercel").read_text() == "a file"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cache", "set", "k", "1"), "It is not a folder"),
        (("cache", "ls"), "no emulator runs here"),
        (("visitor", "show"), "No emulator runs"),
        (("run", "--python", sys.executable, "--", "true"), "--cache memory"),
        (("env",), ""),
    ],
)
def test_commands_where_the_folder_cannot_be(
    tmp_path: Path, temporary: Path, words: tuple[str, ...], said: str
) -> None:
    root = write_project(tmp_path / "project", {**FILES, ".vercel": "a file"})
    done = command(root, temporary, *words)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(temporary.iterdir()) == []


def test_the_cache_of_unit_tests_is_in_memory_with_a_warning(
    tmp_path: Path, temporary: Path
) -> None:
    root = write_project(tmp_path / "project", {**FILES, ".vercel": "a file"})
    code = "from vercel_emu.functions import RuntimeCache as C; c = C(); c.set('a', 1); "
    code += "print(c.get('a'))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
    assert done.stderr.count("RuntimeWarning") == 1
    assert "--cache memory" in done.stderr


def test_the_folder_is_the_users_alone(emulate: Emulate, tmp_path: Path) -> None:
    """Also where an earlier version, or a command, left it open."""
    folder = tmp_path / "project" / ".vercel" / "emu"
    folder.mkdir(parents=True, mode=0o755)
    (folder / "dependencies").touch(0o644)
    emulator = emulate(FILES)
    assert emulator.get("/set/a").status_code == 200
    emulator.events.wait(events.ResponseSent)
    found = {one: one.stat().st_mode & 0o077 for one in (folder, *folder.iterdir())}
    assert folder / "cache.sqlite3-wal" in found
    assert {one for one, others in found.items() if others} == set()
    assert [one.stat().st_mode & 0o777 for one in (folder / "run").iterdir()] == [0o600]


def own_mounts() -> list[str]:
    """The start of a command in a mount namespace of its own; empty where there can be none."""
    for options in (["-m"], ["-r", "-m"]):
        start = ["unshare", *options]
        if (
            shutil.which("unshare")
            and not subprocess.run(
                [*start, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
            ).returncode
        ):
            return start
    return []


NAMESPACE = own_mounts()
needs_mounts = pytest.mark.skipif(not NAMESPACE, reason="needs a mount namespace")
IN_MEMORY_DISK = """
set -e
mount -t tmpfs -o size=3m tmpfs "$1"
cp -r "$2"/. "$1"
if [ "$3" = full ]; then cat /dev/zero > "$1"/filler 2> "$4"/filled || true; fi
if [ "$3" = read-only ]; then mount -o remount,bind,ro "$1"; fi
cd "$1"
shift 4
exec "$@"
"""


class OnADiskOfItsOwn(DevProcess):
    """`vercel-emu dev` in a project on a small disk that it alone sees."""

    def __init__(self, tmp_path: Path, temporary: Path, state: str) -> None:
        root = tmp_path / "disk"
        root.mkdir()
        files = write_project(tmp_path / "files", FILES)
        super().__init__(root, environ=clean_environ(TMPDIR=str(temporary)))
        start = [*NAMESPACE, "sh", "-c", IN_MEMORY_DISK, "sh", str(root), str(files), state]
        self._command = [*start, str(tmp_path), *self._command]


@needs_mounts
@pytest.mark.parametrize("state", ["read-only", "full"])
def test_a_disk_that_takes_nothing(tmp_path: Path, temporary: Path, state: str) -> None:
    with OnADiskOfItsOwn(tmp_path, temporary, state) as emulator:
        emulator.wait_ready()
        assert emulator.get("/set/a").status_code == 200
        assert emulator.get("/get/a").json() == 1
        (warning,) = warnings(emulator)
        reason = {"read-only": "Read-only file system", "full": "No space left on device"}[state]
        assert reason in warning["message"]
    assert emulator.process.returncode == 0
    assert list(temporary.iterdir()) == []


@needs_mounts
def test_a_disk_that_fills_up_later(tmp_path: Path, temporary: Path) -> None:
    with OnADiskOfItsOwn(tmp_path, temporary, "empty") as emulator:
        emulator.wait_ready()
        assert emulator.get("/set/before").status_code == 200
        assert emulator.get("/fill").json() == "No space left on device"
        answers = [emulator.get(f"/set/k{n}?size=50000").status_code for n in range(5)]
        assert answers == [200] * 5
        assert emulator.get("/get/before").json() == 1
        wait_until(lambda: emulator.reported("Notice", code="CACHE_FULL"))
        assert len(emulator.reported("Notice", code="CACHE_FULL")) == 1
        assert warnings(emulator) == []
        assert emulator.reported("Notice", code="INTERNAL_ERROR") == []
    assert emulator.process.returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_without_the_right_to_write(dev: Dev, tmp_path: Path, temporary: Path) -> None:
    root = write_project(tmp_path / "project", FILES)
    root.chmod(0o555)
    try:
        emulator = dev({}, environ=clean_environ(TMPDIR=str(temporary))).wait_ready()
        assert emulator.get("/set/a").status_code == 200
        (warning,) = warnings(emulator)
        assert "Permission denied" in warning["message"]
    finally:
        root.chmod(0o755)
