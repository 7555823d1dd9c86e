"""What the keys do while `vercel-emu dev` runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from vercel_emu.cli.terminal.keys import Keys, has_keys, listening
from vercel_emu.console import LineWriter, plain

if TYPE_CHECKING:
    from vercel_emu.emulator.project import RunningProject


def make_keys(project: RunningProject, writer: LineWriter, stop: asyncio.Event) -> Keys:
    """The keys of a running emulator."""
    keys = Keys(writer.add)

    async def clear_cache() -> None:
        count = await project.store.clear(project.cache_scope)
        writer.add(f"cache cleared ({count} item{'' if count == 1 else 's'})")

    def show_environment() -> None:
        from vercel_emu.cli.commands.env import as_dotenv

        built = project.prepared.environment(project.host, project.trust)
        for variable in built.variables:
            if variable.value and not variable.inherited:
                writer.add(as_dotenv(variable, show=False).rstrip("\n"))

    def change_visitor(who: str) -> None:
        project.set_visitor(who)
        writer.add(f"visitor: {plain(project.visitor.label)} · {project.visitor.ip}")

    keys.add("r", "reload now, from scratch", project.reload)
    keys.add("c", "clear the runtime cache", clear_cache)
    keys.add("o", "open in the browser", lambda: _open(project.url))
    keys.add("e", "show the environment", show_environment)
    keys.add("i", "install missing dependencies", lambda: _install(project, writer))
    keys.add("b", "build the static files", lambda: _build(project, writer))
    keys.add("v", "change the visitor", lambda: keys.ask("visitor", change_visitor))
    keys.add("q", "quit", stop.set)
    return keys


@contextlib.contextmanager
def keys_in_terminal(keys: Keys) -> Iterator[bool]:
    """Listen to the keys if somebody can press any; whether that is so."""
    if not has_keys():
        yield False
        return
    with listening(keys):
        yield True


def _open(url: str) -> None:
    click.launch(url)


async def _install(project: RunningProject, writer: LineWriter) -> None:
    """Install what is missing; the reload comes by itself when the packages are there."""
    from vercel_emu.project.python.dependencies import Action, plan_dependencies
    from vercel_emu.project.python.installer import Listener, install_dependencies
    from vercel_emu.project.python.manifest import manifests_of

    loop = asyncio.get_running_loop()
    root, interpreter = project.prepared.project.root, project.prepared.interpreter
    manifests = manifests_of(project.prepared.project)
    plan = await asyncio.to_thread(plan_dependencies, root, manifests, interpreter, install=True)
    if plan.action is not Action.INSTALL:
        writer.add(plan.message or "nothing to install")
        return
    writer.add(f"{plan.message} Installing ...")

    def show(line: str) -> None:
        loop.call_soon_threadsafe(writer.add, f"  {line.rstrip()}")

    listener = Listener(show if project.options.verbose else lambda line: None, show)
    done = await asyncio.to_thread(install_dependencies, root, plan, listener)
    writer.add(f"installed {done.packages} package{'' if done.packages == 1 else 's'}")


async def _build(project: RunningProject, writer: LineWriter) -> None:
    """Run the build of the static files; what it makes is served as soon as it is there."""
    from vercel_emu.emulator.static_building import planned_steps, run_build

    prepared = project.prepared

    def show(line: str) -> None:
        writer.add(f"  {plain(line)}")

    await run_build(prepared, planned_steps(prepared), writer.add, show)
    writer.add("built")
