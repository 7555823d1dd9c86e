"""What the keys do while `vercel-emu dev` runs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vercel_emu.cli.terminal.banner import shown_cache
from vercel_emu.cli.terminal.browser import open_in_browser
from vercel_emu.cli.terminal.keys import Keys, has_keys, listening
from vercel_emu.console import LineWriter, plain
from vercel_emu.events import Notice

if TYPE_CHECKING:
    from vercel_emu.emulator.project import RunningProject


def make_keys(project: RunningProject, writer: LineWriter, stop: asyncio.Event) -> Keys:
    """The keys of a running emulator."""
    prompts = writer if sys.stdout.isatty() else LineWriter(sys.stderr)
    keys = Keys(writer.add, lambda text: prompts.show_prompt(fitting(text, _columns())))

    async def clear_cache() -> None:
        count = await project.store.clear(project.cache_scope)
        writer.add(f"cache cleared ({_items(count)})")

    async def ask_to_clear_cache() -> None:
        """What is in memory alone is gone at the end anyway."""
        if project.cache == "memory":
            await clear_cache()
        elif count := (await project.store.stats(project.cache_scope)).items:
            where = shown_cache(project.cache)
            keys.confirm(f"clear the runtime cache, {_items(count)} in {where}?", clear_cache)
        else:
            writer.add("the runtime cache is empty")

    def show_environment() -> None:
        from vercel_emu.cli.commands.env import as_dotenv

        for variable in project.described_environment().variables:
            if variable.value and not variable.inherited:
                writer.add(as_dotenv(variable, show=False).rstrip("\n"))

    def change_visitor(who: str) -> None:
        project.set_visitor(who)
        writer.add(f"visitor: {plain(project.visitor.label)} · {project.visitor.ip}")

    keys.add("r", "reload now, from scratch", project.reload)
    keys.add("c", "clear the runtime cache", ask_to_clear_cache)
    keys.add("o", "open in the browser", lambda: show_in_browser(project))
    keys.add("e", "show the environment", show_environment)
    keys.add("i", "install missing dependencies", lambda: _install(project, writer))
    keys.add("b", "build the static files", lambda: _build(project, writer))
    keys.add("v", "change the visitor", lambda: keys.ask("visitor", change_visitor))
    keys.add("q", "quit", stop.set)
    return keys


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stdin.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def fitting(text: str, columns: int) -> str:
    """The end of a text that fits into one line of so many columns, with room for the cursor."""
    from rich.cells import cell_len

    while cell_len(text) >= max(columns, 2):
        text = text[1:]
    return text


@contextlib.contextmanager
def keys_in_terminal(keys: Keys, wanted: bool) -> Iterator[bool]:
    """Listen to the keys if somebody can press any; whether that is so."""
    if not (wanted and has_keys()):
        yield False
        return
    with listening(keys):
        yield True


async def show_in_browser(project: RunningProject) -> None:
    """Open the browser, or say that the person has to."""
    if not await open_in_browser(project.url):
        message = f"No browser could be opened here: go to {project.url}"
        project.emit(Notice(level="warn", code="NO_BROWSER", message=message))


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
