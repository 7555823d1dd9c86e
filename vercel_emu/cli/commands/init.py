"""`vercel-emu init`: start a project from a template, without touching what is there."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import click

from vercel_emu.cli.templates_dir import NAMES, template_files, templates_dir
from vercel_emu.errors import EmuError


@click.command()
@click.argument("template", required=False)
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace files that exist, without asking.")
def init(template: str | None, directory: Path | None, force: bool) -> None:
    """Start a new project from a TEMPLATE in DIRECTORY.

    The directory is the template's name in this folder unless given. Without a TEMPLATE, lists
    them, and in a terminal asks for one.
    """
    if template is None:
        template = _choose()
        if template is None:
            return
    if template not in NAMES:
        raise EmuError(
            "TEMPLATE_NOT_FOUND",
            f"There is no template `{template}`.",
            f"Choose one of: {', '.join(NAMES)}.",
        )
    target = directory or Path(template)
    if target.exists() and not target.is_dir():
        raise EmuError(
            "NOT_A_DIRECTORY",
            f"`{target}` is a file.",
            f"Name a directory: vercel-emu init {template} DIRECTORY",
        )
    files = list(template_files(template))
    conflicts = [file for file in files if (target / file).exists() or (target / file).is_symlink()]
    if conflicts and not force:
        _ask_to_replace(target, conflicts)
    _copy(template, files, target)
    click.echo(f"Created {_shown(target)} from the template {template}: {len(files)} files.")
    click.echo("\nNext:")
    if target.resolve() != Path.cwd():
        click.echo(f"  cd {shlex.quote(str(target))}")
    click.echo("  vercel-emu dev")


def _choose() -> str | None:
    width = max(map(len, NAMES))
    click.echo("Templates:")
    for name, text in NAMES.items():
        click.echo(f"  {name:{width}}  {text}")
    if not _is_interactive():
        click.echo("\nStart with: vercel-emu init TEMPLATE [DIRECTORY]")
        return None
    return str(click.prompt("\nWhich one", type=click.Choice(list(NAMES)), default="fastapi"))


def _ask_to_replace(target: Path, conflicts: list[Path]) -> None:
    listed = "\n".join(f"  {target / file}" for file in conflicts)
    if _is_interactive():
        click.echo(f"These files exist already:\n{listed}")
        if click.confirm("Replace them?", default=False):
            return
        raise click.Abort
    raise EmuError(
        "FILES_EXIST",
        f"These files exist already and nothing was written:\n{listed}",
        "Choose another directory, or replace them with --force.",
    )


def _copy(template: str, files: list[Path], target: Path) -> None:
    source = templates_dir() / template
    try:
        for file in files:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            if (target / file).is_symlink():
                (target / file).unlink()  # what it points to may lie anywhere
            shutil.copyfile(source / file, target / file)
    except OSError as error:
        raise EmuError(
            "INIT_FAILED",
            f"`{error.filename}` could not be written: {error.strerror}.",
            "Check the directory's permissions, or choose another one.",
        ) from None


def _shown(target: Path) -> str:
    return "this folder" if target.resolve() == Path.cwd() else f"`{target}`"


def _is_interactive() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
