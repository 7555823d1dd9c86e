"""Files with dependencies that a deployment does not read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vercel_emu.check.model import Checked, Finding, of_warning
from vercel_emu.project.python.overlooked import overlooked


def ignored_manifests(checked: Checked, imports: Sequence[Finding]) -> Iterator[Finding]:
    """An error where the manifests that count ask for less than is imported."""
    if checked.declared is None:
        return
    lacking = any(one.code == "IMPORT_NOT_DECLARED" and one.severity == "error" for one in imports)
    for one in overlooked(checked.root, checked.manifests, checked.declared):
        finding = of_warning(one.as_warning())
        yield replace(finding, severity="error") if lacking else finding
