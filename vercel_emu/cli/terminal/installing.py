"""One calm line while an app's packages are installed; the installer's own words on request."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from vercel_emu.project.python.dependencies import Action, Plan, manifest_names
from vercel_emu.project.python.installer import Installation, Listener

_RESOLVED = re.compile(r"Resolved (\d+) package")
_COLLECTING = re.compile(r"Collecting \S")


class _Seconds(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"· {task.elapsed or 0:.0f} s")


class ShownInstall:
    """What is told of one install. A line that renews itself in a terminal, else two lines."""

    def __init__(self, console: Console, root: Path, plan: Plan, *, verbose: bool) -> None:
        self._console = console
        self._verbose = verbose
        self._began = time.monotonic()
        self._making = plan.action is Action.CREATE
        self._place = _short(plan.environment, root)
        manifests = plan.dependencies.manifests
        self._source = manifest_names(manifests, root) if plan.dependencies.declared else ""
        self._shared = len(manifests.found) > 1
        self._packages = 0
        self._progress: Progress | None = None
        self.listener = Listener(self._line, self._warning)

    def begin(self, progress: Progress | None) -> None:
        if progress is None:
            self._console.print(f"{self._doing()} ...", soft_wrap=True)
        else:
            self._progress = progress
            progress.add_task(self._doing(), total=None)

    def done(self, installation: Installation) -> None:
        """The line that stays."""
        seconds = time.monotonic() - self._began
        count = installation.packages
        packages = f"{count} package{'' if count == 1 else 's'}"
        python = f"Python {installation.interpreter.version_text}"
        if not self._making:
            text = f"Installed {packages} of {self._source} into {self._place}"
        elif self._source:
            text = f"Made {self._place} with {packages} of {self._source} · {python}"
        else:
            text = f"Made an empty {self._place}, for no dependencies are declared · {python}"
        self._console.print(f"{escape(text)} · {seconds:.1f} s", soft_wrap=True)
        if self._shared:
            note = "In a deployment each function has the packages of its own manifest only."
            self._console.print(note, style="dim", soft_wrap=True)

    def _doing(self) -> str:
        verb = "Making" if self._making else "Installing into"
        what = f" with the packages of {self._source}" if self._source else ""
        return escape(f"{verb} {self._place}{what}")

    def _line(self, line: str) -> None:
        if self._verbose:
            self._console.print(f"  {escape(line)}", soft_wrap=True, highlight=False)
        resolved = _RESOLVED.match(line)
        if resolved:
            self._packages = int(resolved[1])
        elif _COLLECTING.match(line):
            self._packages += 1
        if self._progress is not None and self._packages:
            text = f"{self._doing()} · {self._packages} packages"
            self._progress.update(self._progress.task_ids[0], description=text)

    def _warning(self, text: str) -> None:
        self._console.print(f"[yellow]warn:[/yellow] {escape(text)}", soft_wrap=True)


@contextmanager
def showing_install(root: Path, plan: Plan, *, verbose: bool) -> Iterator[ShownInstall]:
    """Show an install on standard error for the length of the `with` block."""
    console = Console(stderr=True, highlight=False)
    shown = ShownInstall(console, root, plan, verbose=verbose)
    if not console.is_terminal:
        shown.begin(None)
        yield shown
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), _Seconds())
    with Progress(*columns, console=console, transient=True, refresh_per_second=4) as progress:
        shown.begin(progress)
        yield shown


def _short(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
