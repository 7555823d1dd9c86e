"""What the shell completes beyond the names of commands and options: visitors, regions, shells.

It runs at each press of Tab: nothing is imported that is not needed for the answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from vercel_emu.errors import EmuError

MOST = 30
SEARCHED = 1000
_BASH_AS_IT_IS = "COMPREPLY+=($value)"
_BASH_QUOTED = """\
if [[ ${COMP_WORDS[COMP_CWORD]} != [\\"\\']* ]]; then printf -v value %%q "$value"; fi
            COMPREPLY+=("$value")"""


def complete_visitor(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Visitors of the project's own, then places whose name begins like this, large ones first."""
    own = [name for name in _own_visitors() if name.lower().startswith(incomplete.lower())]
    places = list(dict.fromkeys(_places(incomplete)))
    return [CompletionItem(name) for name in [*own, *places][:MOST]]


def complete_region(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Codes of regions, with the city."""
    from vercel_emu.platform.regions import REGIONS

    found = (one for one in REGIONS.values() if one.code.startswith(incomplete.lower()))
    return [CompletionItem(one.code, help=one.city) for one in found]


def _own_visitors() -> Iterator[str]:
    from vercel_emu.project.load import identify_project
    from vercel_emu.project.pyproject import emu_table

    with contextlib.suppress(EmuError, OSError):
        named = emu_table(identify_project(Path()).root).get("visitors")
        yield from named if isinstance(named, dict) else ()
        yield "none"


def _places(text: str) -> Iterator[str]:
    """As short as each can be written: `Paris`, and `Paris, TX, US`."""
    from vercel_emu.visitors.find import find_place, search_places
    from vercel_emu.visitors.fold import fold
    from vercel_emu.visitors.places import gazetteer

    if not text.strip():
        found = [place for place, _ in zip(gazetteer().cities(), range(MOST), strict=False)]
    else:
        found = sorted(search_places(text, limit=SEARCHED), key=lambda one: -one.population)
        # Else it is a name in another language, such as München.
        found = [one for one in found if fold(one.name).startswith(fold(text))] or found
    for place in found[:MOST]:
        short = place.name or place.label
        try:
            same = find_place(short) == place
        except EmuError:
            same = False
        yield short if same else place.label


class _Bash(BashComplete):
    """Names with spaces are quoted, and what was typed is never shortened."""

    source_template = BashComplete.source_template.replace(_BASH_AS_IT_IS, _BASH_QUOTED)

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        found = super().get_completions(args, incomplete)
        # Readline would replace `to` by the `T` of `Toronto` and `Tô`.
        plainly = [one for one in found if one.value.lower().startswith(incomplete.lower())]
        found = plainly if found[:1] == plainly[:1] else found
        return found if _shared([one.value for one in found]) >= len(incomplete) else found[:1]

    def get_completion_args(self) -> tuple[list[str], str]:
        """Bash takes `--region=f` for three words."""
        args, incomplete = super().get_completion_args()
        return [word for word in args if word != "="], incomplete.removeprefix("=")


def _shared(texts: list[str]) -> int:
    """How many characters all of them begin with."""
    if not texts:
        return 0
    first, last = min(texts), max(texts)
    pairs = zip(first, last, strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if one != other), len(first))


class _Fish(FishComplete):
    """Names may have commas."""

    source_template = FishComplete.source_template.replace(
        'string split ","', 'string split -m 1 ","'
    )


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": ZshComplete, "fish": _Fish}


def use_these_shells() -> None:
    """Have click answer the shell with the classes above."""
    for name, kind in SHELLS.items():
        add_completion_class(kind, name)
