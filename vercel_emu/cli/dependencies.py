"""The app's interpreter with its dependencies in place, asking and showing what `dev` needs to."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vercel_emu.errors import EmuError
from vercel_emu.options import Options
from vercel_emu.project.python import dependency_stamp
from vercel_emu.project.python.interpreter import Interpreter, find_interpreter

if TYPE_CHECKING:
    from vercel_emu.project.python.dependencies import Plan


def ready_interpreter(root: Path, options: Options) -> Interpreter:
    """The interpreter to run the app with; what is missing in it has been installed.

    Raises:
        EmuError: there is none that fits, or its dependencies are missing and not to be installed.
    """
    interpreter = find_interpreter(root, python=options.python, environ=os.environ)
    stamp = dependency_stamp.stamp(root, interpreter)
    if dependency_stamp.holds(root, stamp) and not interpreter.warnings:
        return interpreter
    # Late: reading requirements needs a parser that most starts can do without.
    from vercel_emu.project.python.dependencies import Action, plan_dependencies

    plan = plan_dependencies(root, interpreter, install=options.install)
    for warning in (*interpreter.warnings, *plan.dependencies.problems):
        _warn(warning.message)
    if plan.action is Action.NOTHING:
        if plan.message:
            _warn(plan.message)
        elif not plan.dependencies.problems:
            dependency_stamp.remember(root, stamp)
        return interpreter
    if plan.action is Action.REFUSE:
        raise EmuError("DEPENDENCIES_MISSING", plan.message, plan.hint)
    if plan.action is Action.ASK:
        plan = _ask(plan)
    return _install(root, plan)


def _ask(plan: Plan) -> Plan:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise EmuError("DEPENDENCIES_MISSING", plan.message, plan.hint)
    click.echo(plan.message, err=True)
    if not click.confirm(f"Install into {plan.environment}?", default=True, err=True):
        raise EmuError("DEPENDENCIES_MISSING", plan.message, plan.hint)
    return plan.agreed()


def _install(root: Path, plan: Plan) -> Interpreter:
    from rich.console import Console

    from vercel_emu.project.python.dependencies import Action
    from vercel_emu.project.python.installer import install_dependencies

    console = Console(stderr=True, highlight=False)
    verb = "Making" if plan.action is Action.CREATE else "Installing into"
    console.print(
        f"{plan.message}\n{verb} [bold]{_short(plan.environment, root)}[/bold] ...", soft_wrap=True
    )
    if not console.is_terminal:
        return install_dependencies(root, plan, lambda line: click.echo(f"  {line}", err=True))
    with console.status("installing") as status:

        def show(line: str) -> None:
            if line.startswith("warning: "):
                console.print(_cut(line))
            status.update(_cut(line))

        return install_dependencies(root, plan, show)


def _short(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _cut(line: str) -> str:
    from rich.markup import escape

    return escape(line.strip()[:200])


def _warn(text: str) -> None:
    click.secho("warn: ", fg="yellow", err=True, nl=False)
    click.echo(text, err=True)
