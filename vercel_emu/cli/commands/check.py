"""`vercel-emu check`: what would differ or fail in a deployment."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from vercel_emu.check.check import Report, check_project
from vercel_emu.check.model import Finding
from vercel_emu.cli.printing import echo_json
from vercel_emu.console import printable


@click.command()
@click.argument("directory", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--python", type=click.Path(path_type=Path), metavar="PATH", help="As for dev.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(directory: Path, python: Path | None, as_json: bool) -> None:
    """Read the project as a deployment would and list what would differ or fail there.

    An error fails the deployment or a request to it; a warning differs from what runs here, or may
    surprise. The exit code is 1 if there is an error, else 0.

    JSON: {"ok", "errors", "warnings", "python": {"deployment", "local"}, "framework",
    "functions", "findings": [{"severity", "code", "message", "where": {"file", "key", "line"},
    "hint"}]}; `where`, `key` and `line` are null where there is none.
    """
    report = check_project(directory, os.environ, python=python, on_wait=_say)
    if as_json:
        echo_json(as_shape(report))
    else:
        _print(report)
    click.get_current_context().exit(1 if report.errors else 0)


def _say(text: str) -> None:
    if sys.stderr.isatty():
        click.secho(text, dim=True, err=True)


def as_shape(report: Report) -> dict[str, Any]:
    """`{"ok", "errors", "warnings", "python", "framework", "functions", "findings"}`."""
    return {
        "ok": report.errors == 0,
        "errors": report.errors,
        "warnings": len(report.findings) - report.errors,
        "python": {"deployment": report.deployment_python, "local": report.local_python},
        "framework": report.project.framework,
        "functions": [function.entrypoint.file for function in report.project.functions],
        "findings": [asdict(finding) for finding in report.findings],
    }


def _print(report: Report) -> None:
    for finding in report.findings:
        _print_finding(finding)
    local = f" (here {report.local_python})" if report.local_python else ""
    warnings = len(report.findings) - report.errors
    if report.findings:
        click.echo(f"{_count(report.errors, 'error')}, {_count(warnings, 'warning')}. ", nl=False)
    else:
        click.secho("Nothing wrong. ", fg="green", nl=False)
    click.echo(f"A deployment runs Python {report.deployment_python}{local}.")


def _print_finding(finding: Finding) -> None:
    color = "red" if finding.severity == "error" else "yellow"
    click.secho(f"{finding.severity} ", fg=color, bold=True, nl=False)
    click.echo(
        f"{finding.code}: " + (f"{printable(finding.place)}: " if finding.place else ""), nl=False
    )
    click.echo(printable(finding.message))
    for line in finding.hint.splitlines():
        click.secho(f"    {printable(line)}", dim=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
