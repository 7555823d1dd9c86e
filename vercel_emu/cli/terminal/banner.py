"""What a person sees first: where to go, and what exactly is running there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vercel_emu import __version__
from vercel_emu.cli.terminal.api_docs import docs_url
from vercel_emu.console import plain
from vercel_emu.control.registry import running_emulators
from vercel_emu.emu_folder import EMU_DIR
from vercel_emu.runtime_cache.identity import is_shared

if TYPE_CHECKING:
    from vercel_emu.emulator.project import RunningProject

FUNCTIONS_SHOWN = 4
_NAMES = {"fastapi": "FastAPI", "flask": "Flask", "django": "Django", "fasthtml": "FastHTML"}


def banner(project: RunningProject) -> None:
    """Print the banner to standard output."""
    if project.options.quiet:
        print(project.url, flush=True)
        return
    console = Console(highlight=False)
    console.print()
    console.print(
        Text.assemble(("▲ vercel-emu ", "bold"), (__version__, "dim"), "  ", (project.url, "cyan"))
    )
    table = Table.grid(padding=(0, 2))
    for label, value in rows(project):
        table.add_row(Text("  " + label, style="dim"), Text(plain(value)))
    console.print(table)
    console.print()


def rows(project: RunningProject) -> list[tuple[str, str]]:
    """The banner's facts, as label and value."""
    options, prepared = project.options, project.prepared
    interpreter = prepared.interpreter
    version = ".".join(map(str, interpreter.version[:3]))
    found = [("app", _app(project))]
    if docs := docs_url(project):
        found.append(("docs", docs))
    if prepared.project.functions:
        found.append(("python", f"{version} · {interpreter.source}"))
    found += [
        ("environment", f"{options.env} · region {options.region}"),
        ("visitor", _visitor(project)),
        ("cache", _cache(project)),
    ]
    if options.instances > 1:
        found.append(("instances", f"{options.instances} of each function, taking turns"))
    found.append(("reload", _reload(project)))
    missing = prepared.project.not_emulated
    found += [("not emulated", " · ".join((one.part, *one.commands))) for one in missing]
    if project.network_url is not None:
        found.append(("network", project.network_url))
    if project.moved_from is not None:
        found.append(("port", f"{project.moved_from} is busy, so this one"))
    others = [one for one in running_emulators(prepared.project.root) if one.pid != os.getpid()]
    if others:
        found.append(("also running", f"{others[0].url} (pid {others[0].pid}), same cache file"))
    return found


def _cache(project: RunningProject) -> str:
    """Where it is; on a server, which other projects may use, also what this one is there."""
    shown = shown_cache(project.cache)
    return f"{shown} · as {project.cache_scope.project}" if is_shared(project.cache) else shown


def shown_cache(spec: str) -> str:
    """Where the runtime cache is, without the password of a server."""
    if spec == "file":
        return str(EMU_DIR / "cache.sqlite3")
    if "://" not in spec:
        return spec
    from vercel_emu.runtime_cache.redis.connect import address

    return address(spec)


def _app(project: RunningProject) -> str:
    functions = project.prepared.project.functions
    framework = _NAMES.get(project.prepared.project.framework or "", "Python")
    if len(functions) == 1 and functions[0].path is None:
        entrypoint = functions[0].entrypoint
        return f"{framework} · {entrypoint.file} ({entrypoint.variable})"
    if not functions:
        return "no functions · static files and rules"
    names = [f"/{function.name}" for function in functions if function.path is not None]
    shown = ", ".join(names[:FUNCTIONS_SHOWN]) + (" ..." if len(names) > FUNCTIONS_SHOWN else "")
    count = f"{len(functions)} function{'s' if len(functions) != 1 else ''} in api/"
    return f"{count} · {shown}" if names else count


def _reload(project: RunningProject) -> str:
    if not project.options.reload:
        return "off (--no-reload)"
    if not project.options.standby:
        return "on, without a standby"
    ahead = max((pool.preloaded for pool in project.pools.values()), default=0)
    return f"warm standby · imports {ahead} library modules ahead" if ahead else "warm standby"


def _visitor(project: RunningProject) -> str:
    visitor = project.visitor
    place = ", ".join(part for part in (visitor.label, visitor.country) if part)
    return f"{place} · {visitor.ip} · edge {visitor.edge_region}"
