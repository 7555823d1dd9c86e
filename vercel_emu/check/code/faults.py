"""Everything that the source of the functions tells: each file is read once, for all the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vercel_emu.check.code.at_import import import_time_faults
from vercel_emu.check.code.bundle import bundle_faults
from vercel_emu.check.code.loops import redirect_loops
from vercel_emu.check.imports.faults import import_faults, left_out_faults
from vercel_emu.check.imports.needed import Needed
from vercel_emu.check.imports.reached import reached_files
from vercel_emu.check.model import Checked, Finding
from vercel_emu.errors import EmuError
from vercel_emu.project.model import Function
from vercel_emu.project.python.declared import read_declared
from vercel_emu.project.python.manifest import Manifest, manifest_of
from vercel_emu.project.python.requirements import Declared


def code_faults(checked: Checked) -> Iterator[Finding]:
    """What the code needs, does and redirects that a deployment does not take."""
    try:
        tree = reached_files(checked)
    except EmuError:
        return  # more files than a deployment takes: told elsewhere
    yield from left_out_faults(checked, tree)
    yield from import_time_faults(checked, tree)
    yield from bundle_faults(checked, tree)
    yield from redirect_loops(checked, tree)
    for manifest, functions in _by_manifest(checked):
        part = replace(checked, project=replace(checked.project, functions=functions))
        try:
            declared = read_declared(manifest, checked.root) if manifest else Declared()
        except EmuError:
            continue  # told elsewhere
        needed = Needed(part, manifest, declared)
        yield from import_faults(part, needed, reached_files(part))


def _by_manifest(checked: Checked) -> Iterator[tuple[Manifest | None, tuple[Function, ...]]]:
    """The functions with the manifest that a deployment installs for them."""
    groups: dict[Manifest | None, list[Function]] = {}
    for function in checked.project.functions:
        manifest = manifest_of(checked.project, function.entrypoint).manifest
        groups.setdefault(manifest, []).append(function)
    if not groups:
        groups = {checked.manifest: []}
    for manifest, functions in groups.items():
        yield manifest, tuple(functions)
