"""Write the tables of README.md that repeat what the code says: options and events."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path

from vercel_emu.events import Event
from vercel_emu.options import Options

README = Path(__file__).resolve().parent.parent / "README.md"


def options_table() -> str:
    """Every option of `vercel-emu dev`."""
    lines = ["| Option | Default | Meaning |", "| --- | --- | --- |"]
    for field in dataclasses.fields(Options):
        described = field.metadata["help"]
        written = f"`{described.flags}{' ' + described.metavar if described.metavar else ''}`"
        default = field.default
        if default is True or default is False:
            shown = "on" if default else "off"
        else:
            shown = f"`{default}`" if default not in (None, ()) else ""
        note = "" if described.config else " (command line only)"
        lines.append(f"| {written} | {shown} | {described.text}{note} |")
    return "\n".join(lines)


def events_table() -> str:
    """Every event of the JSON log with its fields."""
    lines = ["| `event` | Fields | When |", "| --- | --- | --- |"]
    for kind in Event.__subclasses__():
        fields = ", ".join(f"`{name}`" for name in kind.__struct_fields__)
        meaning = (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")
        lines.append(f"| `{kind.__name__}` | {fields} | {meaning} |")
    return "\n".join(lines)


TABLES = {"options": options_table, "events": events_table}


def with_tables(readme: str) -> str:
    """README's text with the tables brought up to date."""
    for name, make in TABLES.items():
        begin, end = f"<!-- {name}: scripts/readme_tables.py writes this -->", f"<!-- /{name} -->"
        before, mark, rest = readme.partition(begin)
        if not mark or end not in rest:
            raise ValueError(f"README.md has no place for the table of {name}")
        readme = f"{before}{begin}\n{make()}\n{end}{rest.partition(end)[2]}"
    return readme


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text()))
