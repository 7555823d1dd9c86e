"""`.vercel/emu/`: for its user's eyes alone, and what is done where it can't be had."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from vercel_emu.control.registry import RunningEmulator, announced, find_running
from vercel_emu.emu_folder import EMU_DIR, emu_folder, make_folder, prepare_folder, write_whole
from vercel_emu.errors import EmuError
from vercel_emu.runtime_cache.sqlite import file as cache_file


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def modes(folder: Path) -> set[tuple[bool, int]]:
    """Of the folder and everything in it: is it a folder, and its mode."""
    return {(one.is_dir(), mode(one)) for one in (folder, *folder.rglob("*"))}


PRIVATE = {(True, 0o700), (False, 0o600)}


def test_what_is_made_is_the_users_alone(tmp_path: Path) -> None:
    folder = prepare_folder(tmp_path)
    write_whole(folder / "modules" / "app.json", b"{}")
    cache_file.prepare(folder / "cache.sqlite3", lambda event: None)
    assert folder == tmp_path / ".vercel" / "emu"
    assert modes(folder) == PRIVATE
    assert (folder / ".gitignore").read_text() == "*\n"
    assert [one.name for one in folder.glob("*.tmp")] == []


def test_sqlites_own_files_get_the_mode_too(tmp_path: Path) -> None:
    path = prepare_folder(tmp_path) / "cache.sqlite3"
    cache_file.prepare(path, lambda event: None)
    connection = cache_file.connect(path, busy_timeout_ms=100, cache_kb=64)
    connection.execute("CREATE TABLE more (x)")
    try:
        assert {one.name: mode(one) for one in path.parent.glob("cache.sqlite3-*")} == {
            "cache.sqlite3-wal": 0o600,
            "cache.sqlite3-shm": 0o600,
        }
    finally:
        connection.close()


def test_what_is_open_to_others_is_put_right(tmp_path: Path) -> None:
    folder = prepare_folder(tmp_path)
    write_whole(folder / "run" / "1.json", b"{}")
    (folder / "cache.sqlite3-wal").touch()
    outside = tmp_path / "theirs"
    outside.touch(0o644)
    (folder / "link").symlink_to(outside)
    for one in (folder, *folder.rglob("*")):
        if not one.is_symlink():
            one.chmod(0o777 if one.is_dir() else 0o666)
    prepare_folder(tmp_path)
    (folder / "link").unlink()
    assert modes(folder) == PRIVATE
    assert mode(outside) == 0o644
    assert mode(tmp_path / ".vercel") == 0o755


def test_where_a_link_leads_is_left_alone(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(0o755)
    (tmp_path / ".vercel").mkdir()
    (tmp_path / EMU_DIR).symlink_to(shared)
    prepare_folder(tmp_path)
    assert mode(shared) == 0o755


def cut_off(root: Path) -> None:
    (root / ".vercel").write_text("a file")


def emu_cut_off(root: Path) -> None:
    (root / ".vercel").mkdir()
    (root / EMU_DIR).write_text("a file")


def looped(root: Path) -> None:
    (root / ".vercel").symlink_to(root / ".vercel")


def read_only(root: Path) -> None:
    root.chmod(0o555)


@pytest.mark.parametrize("spoil", [cut_off, emu_cut_off, looped, read_only])
def test_where_it_cannot_be_made_a_temporary_folder_stands_in(
    tmp_path: Path, spoil: object
) -> None:
    assert callable(spoil)
    if spoil is read_only and os.geteuid() == 0:
        pytest.skip("root writes anywhere")
    root = tmp_path / "project"
    root.mkdir()
    spoil(root)
    with emu_folder(root) as folder:
        assert folder.path.is_dir()
        assert mode(folder.path) == 0o700
        assert folder.cache("file") == "memory"
        assert folder.cache("redis://h") == "redis://h"
        warning = folder.warning("file")
        assert warning is not None
        assert str(root / EMU_DIR) in warning.message
        assert ("folder" in warning.message) or ("denied" in warning.message)
        assert "--cache memory" in (warning.hint or "")
        # Who asked for it knows.
        assert folder.warning("memory") is None
    assert not folder.path.exists()


FULL = """
import resource, signal, sys
from pathlib import Path
from vercel_emu.emu_folder import emu_folder

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
with emu_folder(Path(sys.argv[1])) as folder:
    print(folder.trouble)
"""


def test_a_disk_without_room_counts_as_unwritable(tmp_path: Path) -> None:
    """A limit on the size of files fails writes as a full disk does."""
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{tmp_path / EMU_DIR} can't be written: File too large" in done.stdout
    assert list((tmp_path / EMU_DIR).glob("*.tmp")) == []


def test_without_any_place_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(EmuError, match="no temporary folder either"), emu_folder(tmp_path):
        pass


def test_an_unfinished_write_leaves_nothing(tmp_path: Path) -> None:
    make_folder(tmp_path / EMU_DIR)
    target = tmp_path / EMU_DIR / "x"
    target.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_whole(target, b"1")
    assert {one.name for one in target.parent.iterdir()} == {".gitignore", "x"}


def test_an_emulator_is_found_where_its_project_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    root = tmp_path / "project"
    root.mkdir()
    cut_off(root)
    emulator = RunningEmulator(
        pid=os.getpid(),
        url="",
        control_url="http://127.0.0.1:1",
        token="t",
        project="p",
        environment="development",
        region="iad1",
        cache="memory",
        started_at=1.0,
    )
    with announced(root, emulator):
        (file,) = elsewhere.iterdir()
        assert mode(file) == 0o600
        assert find_running(root) == emulator
        assert find_running(tmp_path) is None
        # What others may have put there counts for nothing.
        moved = file.rename(tmp_path / "moved.json")
        file.symlink_to(moved)
        assert find_running(root) is None
