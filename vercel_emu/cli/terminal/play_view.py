"""What a person sees of a scenario: progress while it plays, then what came of it."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click
from rich.text import Text

from vercel_emu import events
from vercel_emu.cli.printing import echo_json
from vercel_emu.cli.terminal.tables import Column, print_table
from vercel_emu.console import (
    Colors,
    LineWriter,
    PrettyConsole,
    access_log,
    duration,
    plain,
    printable,
    wants_color,
)
from vercel_emu.instance.output.readable import ReadableLog, folded
from vercel_emu.scenarios.formats import as_json
from vercel_emu.scenarios.report import Line, Report, Result
from vercel_emu.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from rich.progress import Progress

FAILURES_SHOWN = 10
LINES_SHOWN = 30
_TOLD = (events.Notice, events.InstanceFailed, events.FunctionsAPI)
"""What a person has to know also where nothing fails."""


class PlayView:
    """Progress on a terminal's standard error, and above it what has to be told; then the report.

    Of the project's own log only what fails is told, unless `verbose` shows it as `dev` does.
    """

    def __init__(self, *, quiet: bool, verbose: bool, json: bool) -> None:
        self._quiet = quiet
        self._json = json
        self._progress: Progress | None = None
        self._over = False
        self._told: set[events.Event] = set()
        self._outside: deque[str] = deque(maxlen=LINES_SHOWN)
        self._writer = LineWriter(_Above(self.say))
        self._verbose = verbose
        color = verbose and wants_color(sys.stderr, dict(os.environ))
        colors = Colors.ansi() if color else Colors()
        self._console = ReadableLog(PrettyConsole(self._writer, colors, quiet=not verbose))

    def show(self, event: events.Event) -> None:
        """An event of the project that was started for the scenario."""
        if isinstance(event, events.LogLine) and not event.invocation_id:
            self._outside.append(event.text)
        if self._over or not (self._verbose or isinstance(event, _TOLD)):
            return
        if not self._verbose:
            if event in self._told:
                return
            self._told.add(event)
        self._console(event)

    def say(self, text: str) -> None:
        """A line, or several, above the progress."""
        if self._progress is not None:
            self._progress.console.out(text, highlight=False)
        else:
            click.echo(text, err=True)

    @contextlib.contextmanager
    def progress(self, total: int) -> Iterator[Callable[[Result], None]]:
        """A live bar where standard error is a terminal; nothing where it is none."""
        self._over = False
        self._outside.clear()
        try:
            if self._quiet or self._json or not sys.stderr.isatty():
                yield lambda result: None
            else:
                with _bar() as self._progress:
                    yield self._counter(self._progress, total)
        finally:
            self._writer.flush()
            self._progress = None
            self._over = True

    def _counter(self, bar: Progress, total: int) -> Callable[[Result], None]:
        task = bar.add_task("", total=total, failed=0)
        failed = 0

        def on_result(result: Result) -> None:
            nonlocal failed
            failed += bool(result.failures)
            doing = f"{result.request.method} {result.request.path} as {result.visitor.label}"
            bar.update(task, advance=1, failed=failed, description=plain(doing))

        return on_result

    def report(self, report: Report) -> None:
        """The report, to standard output; nothing comes after it."""
        if any(not report.logs.get(one.identity) for one in report.failed):
            report.outside = list(self._outside)
        if self._json:
            echo_json(as_json(report))
        else:
            show_report(report, quiet=self._quiet)


class _Above(io.StringIO):
    """What a `LineWriter` writes to, so that its lines come above the progress."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def write(self, text: str) -> int:
        self._say(text.rstrip("\n"))
        return len(text)


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed", style="red"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
        # The terminal shows `^C` behind the bar: a bar of the full width would be torn by it.
        console=Console(stderr=True, width=max(20, Console(stderr=True).width - 4)),
        transient=True,
    )


def show_report(report: Report, *, quiet: bool = False) -> None:
    """Failures with the command that repeats them, then the summary, to standard output."""
    for result in report.failed[:FAILURES_SHOWN]:
        _show_failure(report, result)
    if (more := len(report.failed) - FAILURES_SHOWN) > 0:
        click.echo(f"... and {more:,} more; --json and --junit have them all.\n")
    _show_lines("outside of the requests", report.outside)
    if report.failed and report.repeat_at != report.url:
        click.secho("The commands repeat them at `vercel-emu dev`.\n", dim=True)
    if not quiet and report.results:
        _show_countries(report.by_country())
    total, failed = len(report.results), len(report.failed)
    rate = total / report.seconds if report.seconds else 0.0
    verdict = f"{failed:,} of {_count(total)} failed" if failed else _count(total) + " passed"
    if not report.complete:
        verdict = f"stopped after {total:,} of {_count(report.planned)}, {failed:,} failed"
    color = "red" if failed else "green" if report.complete else "yellow"
    seed = f" · seed {report.scenario.seed}" if _draws(report.scenario) else ""
    click.secho(verdict, fg=color, bold=True, nl=False)
    click.echo(f" in {report.seconds:.2f} s ({rate:,.0f}/s){seed} · {report.url}")


def _count(requests: int) -> str:
    return f"{requests:,} request{'' if requests == 1 else 's'}"


def _draws(scenario: Scenario) -> bool:
    return any(step.draw is not None for step in scenario.steps)


def _show_failure(report: Report, result: Result) -> None:
    request = result.request
    click.secho("failed: ", fg="red", bold=True, nl=False)
    click.echo(
        f"{request.method} {printable(request.path)} as {plain(result.visitor.label)} "
        f"(step {request.step + 1}, request {request.number + 1})"
    )
    for failure in result.failures:
        click.echo(f"  {printable(failure.what)}")
        click.echo(f"    expected  {printable(failure.expected)}")
        click.echo(f"    came      {printable(failure.came)}")
    text = "\n".join(report.logs.get(result.identity, []))
    lines = [line for line in folded(text).splitlines() if not access_log(line)]
    _show_lines("", lines)
    click.secho(f"  {plain(report.curl(result))}\n", dim=True)


def _show_lines(title: str, lines: list[str]) -> None:
    """The end of what the app wrote: an error's last lines say most."""
    if title and lines:
        click.secho(f"{title}:", dim=True)
    if (more := len(lines) - LINES_SHOWN) > 0:
        click.secho(f"  ... {more:,} lines before", dim=True)
    for line in lines[-LINES_SHOWN:]:
        click.echo(f"  │ {printable(line)}")
    if title and lines:
        click.echo()


def _show_countries(lines: list[Line]) -> None:
    numbers = [
        Column(title, right=True, whole=True)
        for title in ("requests", "failed", "p50", "p95", "slowest")
    ]
    rows = [
        (
            line.name,
            f"{line.requests:,}",
            Text(f"{line.failed:,}", style="red" if line.failed else ""),
            duration(line.p50_ms),
            duration(line.p95_ms),
            duration(line.slowest_ms),
            ", ".join(line.edge_regions),
        )
        for line in lines
    ]
    print_table([Column("country"), *numbers, Column("edge")], rows)
