"""The values that stores, the HTTP API and the commands hand to each other."""

from __future__ import annotations

from dataclasses import dataclass

from vercel_emu.errors import EmuError

DEFAULT_MAX_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose items: projects and environments never see each other, and items are regional.

    Tags belong to project and environment alone: expiring one reaches every region.
    """

    project: str
    environment: str = "development"
    region: str = "dev1"


@dataclass(frozen=True, slots=True)
class Item:
    """A fresh item as it was written; times are seconds since the epoch."""

    body: bytes
    tags: tuple[str, ...]
    name: str
    created: float
    expires: float | None
    hits: int
    age: float


@dataclass(frozen=True, slots=True)
class ItemInfo:
    """What a listing shows of an item: everything except its body."""

    key: str
    name: str
    size: int
    tags: tuple[str, ...]
    created: float
    expires: float | None
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which items to list. `after` is the `next` of the page before, "" for the first."""

    tag: str = ""
    prefix: str = ""
    after: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some items of a listing; `next` is empty on the last page."""

    items: tuple[ItemInfo, ...]
    next: str = ""


@dataclass(frozen=True, slots=True)
class TagStats:
    tag: str
    items: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Fresh items of one scope, what they weigh, and how reads went since the scope began."""

    items: int
    bytes: int
    hits: int
    misses: int
    tags: tuple[TagStats, ...] = ()
    stored_bytes: int | None = None
    """What counts against the bound, over all scopes; None where the server bounds itself."""

    max_bytes: int | None = None


class StoreUnavailableError(EmuError):
    """The store can't be reached or written right now; the app sees a miss or a failed set."""
