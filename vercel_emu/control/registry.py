"""How other commands find a running emulator: a small file per process in `.vercel/emu/run/`."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from vercel_emu.emu_folder import announcement_paths, is_ours, write_whole
from vercel_emu.files.reading import read_bytes
from vercel_emu.transport.listen import LOOPBACK_ADDRESS


class RunningEmulator(msgspec.Struct, frozen=True, kw_only=True):
    """A running emulator of a project; `token` opens its control listener."""

    pid: int
    url: str
    control_url: str
    token: str
    project: str
    environment: str
    region: str
    cache: str
    started_at: float


@contextlib.contextmanager
def announced(root: Path, emulator: RunningEmulator) -> Iterator[None]:
    """Keep the state file for as long as the emulator runs."""
    path = _announce(root, emulator)
    try:
        yield
    finally:
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _announce(root: Path, emulator: RunningEmulator) -> Path | None:
    """Write the state file. Without one the emulator runs all the same."""
    for path in announcement_paths(root, emulator.pid):
        with contextlib.suppress(OSError):
            # The token opens the control listener: for the user's own eyes only.
            write_whole(path, msgspec.json.encode(emulator))
            return path
    return None


def running_emulators(root: Path) -> list[RunningEmulator]:
    """Every live emulator of the project, the newest first; files of dead ones are removed."""
    found = []
    for path in _announcements(root):
        try:
            emulator = msgspec.json.decode(read_bytes(path), type=RunningEmulator)
        except (OSError, msgspec.DecodeError, RecursionError):
            continue
        if _alive(emulator):
            found.append(emulator)
        else:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
    return sorted(found, key=lambda one: one.started_at, reverse=True)


def _announcements(root: Path) -> list[Path]:
    kept, *elsewhere = announcement_paths(root, "*")
    found = list(kept.parent.glob(kept.name))
    for pattern in elsewhere:
        found += filter(is_ours, pattern.parent.glob(pattern.name))
    return found


def find_running(root: Path) -> RunningEmulator | None:
    """The newest live emulator of the project, or None."""
    emulators = running_emulators(root)
    return emulators[0] if emulators else None


def _alive(emulator: RunningEmulator) -> bool:
    """Its process is there, and is it: the number may be another process's by now.

    The file may have come with somebody's repository: nothing is told to another machine.
    """
    if urlsplit(emulator.control_url).hostname != LOOPBACK_ADDRESS:
        return False
    try:
        os.kill(emulator.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return emulator.pid == os.getpid() or _listens(emulator.control_url)


def _listens(control_url: str) -> bool:
    """False where nobody does; a stopped process does, though it won't answer."""
    address = urlsplit(control_url)
    try:
        socket.create_connection((address.hostname, address.port or 0), timeout=1).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        return True
    return True
