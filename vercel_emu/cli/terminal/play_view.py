"""What a person sees of a scenario: progress while it plays, then what came of it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

import click

from vercel_emu import events
from vercel_emu.console import duration, plain, printable, printable_lines
from vercel_emu.scenarios.report import Line, Report, Result
from vercel_emu.scenarios.scenario import Scenario, plan

FAILURES_SHOWN = 10


@contextlib.contextmanager
def show_progress(scenario: Scenario, *, quiet: bool) -> Iterator[Callable[[Result], None]]:
    """A live bar on a terminal's standard error; nothing where that is none."""
    if quiet or not sys.stderr.isatty():
        yield lambda result: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed", style="red"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    failed = 0
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        total = sum(1 for _ in plan(scenario))
        task = progress.add_task("", total=total, failed=0)

        def on_result(result: Result) -> None:
            nonlocal failed
            failed += bool(result.failures)
            doing = f"{result.request.method} {result.request.path} as {result.visitor.label}"
            doing = plain(doing)
            progress.update(task, advance=1, failed=failed, description=doing)

        yield on_result


def show_report(report: Report) -> None:
    """Failures with the command that repeats them, then the summary, to standard output."""
    for result in report.failed[:FAILURES_SHOWN]:
        _show_failure(report, result)
    if (more := len(report.failed) - FAILURES_SHOWN) > 0:
        click.echo(f"... and {more:,} more; --json and --junit have them all.\n")
    if report.failed and report.repeat_at != report.url:
        click.secho("The commands repeat them at `vercel-emu dev`.\n", dim=True)
    _show_countries(report.by_country())
    total, failed = len(report.results), len(report.failed)
    rate = total / report.seconds if report.seconds else 0.0
    verdict = f"{failed:,} of {_count(total)} failed" if failed else _count(total) + " passed"
    seed = f" · seed {report.scenario.seed}" if _draws(report.scenario) else ""
    click.secho(verdict, fg="red" if failed else "green", bold=True, nl=False)
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
    click.secho(f"  {plain(report.curl(result))}\n", dim=True)


def _show_countries(lines: list[Line]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("country")
    for heading in ("requests", "failed", "p50", "p95", "slowest"):
        table.add_column(heading, justify="right")
    table.add_column("edge")
    for line in lines:
        table.add_row(
            line.name,
            f"{line.requests:,}",
            f"[red]{line.failed:,}[/red]" if line.failed else "0",
            duration(line.p50_ms),
            duration(line.p95_ms),
            duration(line.slowest_ms),
            ", ".join(line.edge_regions),
        )
    Console(highlight=False).print(table)


def app_output() -> events.Emit:
    """What the app writes and the emulator warns of, to standard error."""

    def show(event: events.Event) -> None:
        match event:
            case events.LogLine(text=text):
                click.echo(f"  │ {printable(text)}", err=True)
            case events.Notice(level="warn" | "error", message=message):
                click.echo(printable_lines(message), err=True)

    return show
