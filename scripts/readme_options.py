"""Write the options table of README.md from the one table of options."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from vercel_emu.options import Options

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- options: scripts/readme_options.py writes this table -->", "<!-- /options -->"


def options_table() -> str:
    """The table as markdown."""
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


def with_table(readme: str) -> str:
    """README's text with the table brought up to date."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{options_table()}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
