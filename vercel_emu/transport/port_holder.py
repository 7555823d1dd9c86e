"""Who listens on a port: a courtesy for the "port in use" error."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path


def who_listens(port: int) -> str | None:
    """`name (pid N)` of the process that listens on TCP `port`, where the system tells."""
    if Path("/proc/net/tcp").exists():
        return _from_proc(port)
    if lsof := shutil.which("lsof"):
        with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
            output = subprocess.run(
                [lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"],
                capture_output=True,
                text=True,
                timeout=2,
                check=False,
            ).stdout
            fields = {line[0]: line[1:] for line in output.splitlines() if line}
            if "p" in fields:
                return f"{fields.get('c', 'a process')} (pid {fields['p']})"
    return None


def _from_proc(port: int) -> str | None:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                if str(descriptor.readlink()) in inodes:
                    name = (process / "comm").read_text().strip()
                    return f"{name} (pid {process.name})"
    return None
