"""Who the visitors of a running emulator are: the current one, and any that a request names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vercel_emu.visitors.choose import choose_visitor
from vercel_emu.visitors.visitor import NEW_YORK, Visitor

REMEMBERED = 1000


@dataclass(slots=True, kw_only=True)
class VisitorDirectory:
    """The visitors of one emulator. `named` are the user's own, from `pyproject.toml`."""

    current: Visitor = NEW_YORK
    overrides: bool = True
    named: Mapping[str, object] = field(default_factory=dict)
    geoip_db: Path | None = None
    _known: OrderedDict[str, Visitor] = field(default_factory=OrderedDict)

    def choose(self, headers: Iterable[tuple[bytes, bytes]]) -> Visitor:
        """The visitor of a request (lower-case header names).

        Raises:
            EmuError: the request names a visitor that does not exist.
        """
        return choose_visitor(headers, self.current, self.resolve, overrides=self.overrides)

    def resolve(self, text: str) -> Visitor:
        """The visitor that `text` means; what was asked before is remembered.

        Raises:
            EmuError: it means nobody, or more than one.
        """
        found = self._known.get(text)
        if found is None:
            # Late: the gazetteer is loaded only where somebody asks for a place.
            from vercel_emu.visitors.resolve import resolve_visitor

            found = resolve_visitor(text, named=self.named, geoip_db=self.geoip_db)
            self._known[text] = found
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found
