"""Who the visitors of a running emulator are: the current one, and any that a request names."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vercel_emu.errors import EmuError
from vercel_emu.events import Emit, Event, Notice
from vercel_emu.platform import header_names as names
from vercel_emu.platform import own_paths
from vercel_emu.visitors.choose import choose_visitor
from vercel_emu.visitors.visitor import NEW_YORK, Visitor

REMEMBERED = 1000
WARNINGS = 20
"""About cookies, at most: a browser could send a new wrong one with each request."""


def _nobody(event: Event) -> None:
    """Nobody is told."""


@dataclass(slots=True, kw_only=True)
class VisitorDirectory:
    """The visitors of one emulator. `named` are the user's own, from `pyproject.toml`."""

    current: Visitor = NEW_YORK
    overrides: bool = True
    named: Mapping[str, object] = field(default_factory=dict)
    geoip_db: Path | None = None
    emit: Emit = _nobody
    _known: OrderedDict[str, Visitor | EmuError] = field(default_factory=OrderedDict)
    _warned: set[str] = field(default_factory=set)

    def choose(self, headers: Iterable[tuple[bytes, bytes]]) -> Visitor:
        """The visitor of a request (lower-case header names).

        Raises:
            EmuError: a header names a visitor that does not exist; a cookie that does is
                warned of once.
        """
        return choose_visitor(
            headers,
            self.current,
            self.resolve,
            overrides=self.overrides,
            on_stale=self._stale,
        )

    def resolve(self, text: str) -> Visitor:
        """The visitor that `text` means; what was asked before is remembered.

        Raises:
            EmuError: it means nobody, or more than one.
        """
        found = self._known.get(text)
        if found is None:
            # Late: the gazetteer is loaded only where somebody asks for a place.
            from vercel_emu.visitors.resolve import resolve_visitor

            try:
                found = resolve_visitor(text, named=self.named, geoip_db=self.geoip_db)
            except EmuError as error:
                # Looking in vain, with suggestions, takes longest; a stale cookie comes every time.
                found = error
            self._known[text] = found
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        if isinstance(found, EmuError):
            raise EmuError(found.code, found.message, found.hint, where=found.where)
        return found

    def _stale(self, text: str, error: EmuError) -> None:
        if text in self._warned or len(self._warned) >= WARNINGS:
            return
        self._warned.add(text)
        self.emit(
            Notice(
                level="warn",
                code="STALE_VISITOR_COOKIE",
                message=f"A browser's cookie {names.EMU_VISITOR_COOKIE} is {text[:200]!r}, which "
                f"means nobody ({error.code}): its requests are from the current visitor.",
                hint=f"Open {own_paths.VISITOR}/ there with a place, or {own_paths.VISITOR}/reset.",
            )
        )
