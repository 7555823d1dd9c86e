"""A disk without space, a project that can't be written, a folder that goes away."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.real.conftest import Dev
from tests.real.faults.disks import fill, lock, read_only, small_disk
from tests.real.faults.rows import row
from tests.real.faults.support import (
    FAILED,
    Asking,
    ask,
    begun,
    files,
    let_go,
    project,
    save,
)
from tests.real.support import Emulation, emulation, wait_until, write_project
from vercel_emu import events

__all__ = ["read_only", "small_disk"]

FULL = "Full disk"
BIG = b"x" * 300_000


@row(FULL, "during a request", "200: a request needs no space.")
def test_request(small_disk: Path) -> None:
    with project(small_disk.parent) as running:
        assert ask(running, "/") == "200 0"
        fill(small_disk)
        assert ask(running, "/") == "200 0"
        assert ask(running, "/digest?token=a", BIG).startswith("200 a ")


@row(FULL, "during a reload", "200 from the new code.")
def test_reload(small_disk: Path) -> None:
    with project(small_disk.parent, reload=True, standby=True) as running:
        assert ask(running, "/") == "200 0"
        fill(small_disk)
        for version in (1, 2):
            save(running, version)
            assert ask(running, "/") == f"200 {version}"


@row(
    FULL,
    "while writing the cache",
    "200 from the app, whose `set` did nothing, as the SDK has it, and one warning; what was "
    "written before is there. With space again, sets work again.",
)
def test_cache(small_disk: Path) -> None:
    with project(small_disk.parent) as running:
        assert ask(running, "/put?key=before&value=", BIG) == "200 before="
        filler = fill(small_disk)
        for number in range(30):
            assert ask(running, f"/put?key=k{number}&value=", BIG) == f"200 k{number}="
        assert ask(running, "/take?key=k29") == "200 null"
        assert ask(running, "/take?key=before") == f'200 "{BIG.decode()}"'
        full = running.events.all(events.Notice, lambda event: event.code == "CACHE_FULL")
        assert len(full) == 1
        filler.unlink()
        assert ask(running, "/put?key=after&value=1") == "200 after=1"
        assert ask(running, "/take?key=after") == '200 "1"'


@row(FULL, "at shutdown", "The emulator ends with code 0.")
def test_shutdown(small_disk: Path, dev: Dev) -> None:
    running = dev(files()).wait_ready()
    assert ask(running, "/put?key=a&value=1") == "200 a=1"
    fill(small_disk)
    running.signal(signal.SIGTERM)
    assert running.exit_code() == 0
    running.__exit__()
    assert "Traceback" not in running.stderr


@row("Renamed project folder", "during a request", "200: a request under way is finished.")
def test_renamed_during_a_request(tmp_path: Path) -> None:
    with project(tmp_path, reload=True) as running:
        waiting = Asking(running, "/held?name=one")
        begun(tmp_path, "one")
        running.root.rename(tmp_path / "elsewhere")
        let_go(tmp_path, "one")
        assert waiting.saw() == "200 0"
        (tmp_path / "elsewhere").rename(running.root)


# Where nothing can be kept in the project ------------------------------------------------------


def serves_with_a_cache(running: Emulation) -> None:
    assert ask(running, "/put?key=a&value=2") == "200 a=2"
    assert ask(running, "/take?key=a") == '200 "2"'
    warnings = [
        event.message
        for event in running.events.all(events.Notice, lambda event: event.level == "warn")
        if ".vercel" in event.message
    ]
    assert len(warnings) == 1, warnings


@row(FULL, "starting", "200; the cache is kept in memory, and one warning says so.")
def test_starting(small_disk: Path) -> None:
    write_project(small_disk, files())
    fill(small_disk)
    with emulation(small_disk) as running:
        serves_with_a_cache(running)


@row(
    "Read-only project folder",
    "starting",
    "200; the cache is kept in memory, and one warning says so.",
)
def test_read_only(read_only: Path) -> None:
    write_project(read_only, files())
    lock(read_only)
    with emulation(read_only) as running:
        serves_with_a_cache(running)


@row(
    "Read-only project folder",
    "while writing the cache",
    "200; what is written is there as long as the emulator runs, and one warning says so.",
)
def test_read_only_with_a_cache(read_only: Path) -> None:
    with project(read_only.parent) as running:
        assert ask(running, "/put?key=a&value=1") == "200 a=1"
    lock(read_only)
    with emulation(read_only) as running:
        serves_with_a_cache(running)


@row(
    "Renamed project folder",
    "idle",
    "While it is away, the old code or an error of the platform; once it is back, 200, and saves "
    "are seen.",
)
def test_renamed_and_back(tmp_path: Path) -> None:
    with project(tmp_path, reload=True) as running:
        assert ask(running, "/") == "200 0"
        running.root.rename(tmp_path / "elsewhere")
        assert ask(running, "/") in ("200 0", FAILED, "503 SERVICE_UNAVAILABLE")
        (tmp_path / "elsewhere").rename(running.root)
        wait_until(lambda: ask(running, "/") == "200 0", what="it serves again")
        save(running, 1)
        wait_until(lambda: ask(running, "/") == "200 1", what="the save is seen")
