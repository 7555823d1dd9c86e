"""`make compat`: every project with the environment that vercel-emu makes for it, one line each.

With the official command line (VERCEL_CLI, or `vercel` on PATH) the same requests are sent to
`vercel dev`, too.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.checkout import ROOT
from tests.real.compat.environments import UV, alone, shared_environment
from tests.real.compat.official import Official, installed_cli, official_cli, with_table
from tests.real.compat.play import Player
from tests.real.compat.project import Project, all_projects
from tests.real.support import clean_environ

PATIENCE = 600.0
"""Seconds: large packages are installed in that time, on a busy machine."""

type Play = Callable[[Project, Path], list[str]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.real.compat", description=__doc__)
    parser.add_argument("names", nargs="*", help="Only these projects.")
    parser.add_argument("--emulator", type=Path, help="A vercel-emu command (else: a new one).")
    parser.add_argument("--shared", action="store_true", help="Play as `make test` does.")
    parser.add_argument("--jobs", type=int, default=2, help="How many at a time.")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="Only write them there.")
    parser.add_argument("--table", action="store_true", help="Only write docs/differences.md.")
    given = parser.parse_args()
    chosen = [one for one in all_projects() if not given.names or one.name in given.names]
    if unknown := set(given.names) - {one.name for one in chosen}:
        parser.error(f"no such project: {', '.join(sorted(unknown))}")
    if given.table:
        page = ROOT / "docs" / "differences.md"
        page.write_text(with_table(page.read_text(), all_projects()))
        return 0
    if given.write:
        for project in chosen:
            print(project.write(given.write / project.name))
        return 0
    # Ended from outside, it must not leave emulators behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="compat-") as folder:
        root = Path(folder)
        environ = clean_environ(PATH=f"{UV}:{os.environ['PATH']}")
        if given.shared:
            shared = Player(python=shared_environment(root), environ=environ)
            chosen = [one for one in chosen if one.head.where == "shared"]
            return _play(chosen, shared.faults, root, given.jobs)
        emulator = given.emulator or alone(root / "emulator", environ)
        player = Player((str(emulator),), environ=environ, patience=PATIENCE)
        cli = installed_cli()
        official = official_cli(cli, root / "tools", environ) if cli else None
        print(f"official command line: {cli or 'none (VERCEL_CLI names one)'}", flush=True)
        return _play(chosen, _owner(player, official), root, given.jobs)


def _owner(player: Player, official: Official | None) -> Play:
    """Plays a project as its owner would, then under the official server."""

    def play(project: Project, root: Path) -> list[str]:
        faults = player.faults(project, root / "here")
        if official is None:
            return faults
        folder = root / "here" / project.head.folder
        python = _python(folder, root / "empty", player)
        return faults + [f"official: {one}" for one in official.faults(project, root, python)]

    return play


def _python(folder: Path, empty: Path, player: Player) -> Path:
    """The interpreter of the environment that vercel-emu made, or of one without packages."""
    made = folder / ".venv"
    if not made.exists():
        command = [sys.executable, "-m", "venv", str(empty)]
        subprocess.run(command, env=dict(player.environ), check=True)
        made = empty
    return made / "bin" / "python"


def _play(projects: list[Project], play: Play, root: Path, jobs: int) -> int:
    """Print a line for each project, and what is wrong below it; the exit code."""
    started = time.monotonic()

    def one(project: Project) -> bool:
        begun = time.monotonic()
        try:
            faults = play(project, root / "projects" / project.name)
        except Exception as error:
            faults = [f"could not be played: {type(error).__name__}: {error}"]
        took = f"{time.monotonic() - begun:6.1f} s"
        lines = [
            f"{'FAIL' if faults else 'ok  '} {took}  {project.name}: {project.head.about}",
            *(f"       {fault}" for fault in faults),
        ]
        print("\n".join(lines), flush=True)
        return not faults

    pool = ThreadPoolExecutor(jobs)
    try:
        good = sum(pool.map(one, projects))
    finally:
        pool.shutdown(cancel_futures=True)
    failed = len(projects) - good
    took = time.monotonic() - started
    print(f"{len(projects)} projects in {took:.0f} s: {good} as expected, {failed} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
