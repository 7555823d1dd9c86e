"""The app's interpreter with its dependencies in place, asking and showing what `dev` needs to."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vercel_emu.errors import EmuError, ProjectWarning
from vercel_emu.options import Options
from vercel_emu.project.load import identify_project
from vercel_emu.project.python import dependency_stamp
from vercel_emu.project.python.interpreter import Interpreter, find_interpreter

if TYPE_CHECKING:
    from vercel_emu.project.model import Project
    from vercel_emu.project.python.dependencies import Plan
    from vercel_emu.project.python.manifest import Manifests


def ready_interpreter(folder: Path, options: Options) -> Interpreter:
    """The interpreter to run the app with; what is missing in it has been installed.

    What stops the project from running is found before anything is installed for it.

    Raises:
        EmuError: there is no interpreter that fits, its dependencies are missing and not to be
            installed, or a deployment would find nothing to run.
    """
    project = identify_project(folder)
    interpreter = find_interpreter(
        project.root, python=options.python, environ=os.environ, above=project.link_root
    )
    if interpreter is not None and dependency_stamp.holds(project.root, interpreter):
        _warn_all(interpreter.warnings)
        return interpreter
    # Late: reading requirements needs a parser that most starts can do without.
    from vercel_emu.project.python.dependencies import Action, plan_dependencies

    manifests, empty = _manifests(project, options)
    if interpreter is None and (empty or options.install is False):
        interpreter = _of_this_machine(project.root, manifests, warn=not empty)
    plan = plan_dependencies(project.root, manifests, interpreter, install=options.install)
    _warn_all((*(interpreter.warnings if interpreter else ()), *plan.dependencies.problems))
    if plan.action is Action.REFUSE:
        raise EmuError("DEPENDENCIES_MISSING", plan.message, plan.hint)
    if plan.action is Action.ASK:
        plan = _ask(plan)
    if interpreter is None or plan.action is not Action.NOTHING:
        return _install(project.root, plan, verbose=options.verbose)
    if plan.message:
        _warn(plan.message)
    elif not plan.dependencies.problems:
        looked = dependency_stamp.Looked(manifests.folders, plan.dependencies.files)
        dependency_stamp.remember(project.root, interpreter, looked)
    return interpreter


def _manifests(project: Project, options: Options) -> tuple[Manifests, bool]:
    """The manifests of the functions, and whether there is no function at all.

    Raises:
        EmuError: a deployment would find nothing to run, or several things.
    """
    from vercel_emu.deployment.config import load_vercel_config
    from vercel_emu.project.detection.django import SETTINGS_NOT_READ, find_manage
    from vercel_emu.project.load import load_project
    from vercel_emu.project.python.manifest import manifests_in, manifests_of
    from vercel_emu.project.variables.env_files import read_env_files

    files = read_env_files(project.root, environ=os.environ, link_root=project.link_root)
    try:
        loaded = load_project(
            project.link_root or project.root,
            load_vercel_config(project.root),
            app=options.app,
            environ={**os.environ, **{entry.name: entry.value for entry in files.entries}},
        )
    except EmuError as error:
        if error.code != SETTINGS_NOT_READ:
            raise
        # Django has to be executed to know more, once it is installed.
        base = find_manage(project.root) or ""
        return manifests_in(project.root, base, project.link_root), False
    return manifests_of(loaded), not loaded.functions


def _of_this_machine(root: Path, manifests: Manifests, *, warn: bool) -> Interpreter:
    """A Python that is no environment's, for who wants none or runs no Python at all."""
    from vercel_emu.project.python.choice import choose_python
    from vercel_emu.project.python.interpreter import machine_interpreter

    choice = choose_python(root, manifests, os.environ)
    interpreter = machine_interpreter(choice.python)
    if warn:
        _warn_all(choice.warnings)
        _warn(
            f"The project has no environment, and --no-install makes none: it runs with "
            f"{interpreter.source}, and sees what is installed there."
        )
    return interpreter


def _ask(plan: Plan) -> Plan:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise EmuError("DEPENDENCIES_MISSING", plan.message, plan.hint)
    click.echo(plan.message, err=True)
    if not click.confirm(f"Install into {plan.environment}?", default=True, err=True):
        raise EmuError("DEPENDENCIES_MISSING", plan.message, plan.hint)
    return plan.agreed()


def _install(root: Path, plan: Plan, *, verbose: bool) -> Interpreter:
    from vercel_emu.cli.signals import undone_at_signals
    from vercel_emu.cli.terminal.installing import showing_install
    from vercel_emu.project.python.installer import install_dependencies

    with undone_at_signals(), showing_install(root, plan, verbose=verbose) as shown:
        done = install_dependencies(root, plan, shown.listener)
        shown.done(done)
    return done.interpreter


def _warn_all(warnings: tuple[ProjectWarning, ...]) -> None:
    for warning in warnings:
        _warn(warning.message, warning.hint)


def _warn(text: str, hint: str | None = None) -> None:
    click.secho("warn: ", fg="yellow", err=True, nl=False)
    click.echo(text, err=True)
    if hint:
        click.secho(f"  {hint}", dim=True, err=True)
