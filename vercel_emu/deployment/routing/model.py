"""The values of routing: what is asked, the compiled rules, and where a request ends.

Paths, queries and header values are latin-1 strings: one character for each byte that was sent,
still percent-encoded, so that what no rule touches reaches the function byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from vercel_emu.deployment.routing.conditions import CompiledCondition
from vercel_emu.deployment.routing.regex import Regex

type RuleHeaders = tuple[tuple[str, str], ...]
type Phase = Literal["main", "filesystem", "resource", "miss", "rewrite", "hit", "error"]
type Kind = Literal[
    "slashes",
    "clean_urls",
    "trailing_slash",
    "route",
    "redirect",
    "header",
    "rewrite",
    "api",
    "frontend",
    "error",
]


@dataclass(frozen=True, slots=True)
class RouteRequest:
    """A request as routing sees it: after the platform's headers were added.

    `path` starts with `/` and has no query; `query` has no `?`; header names are lower case.
    """

    method: str
    path: str
    query: str = ""
    headers: Sequence[tuple[bytes, bytes]] = ()


class FileLookup(Protocol):
    """The public files of a deployment."""

    def find(self, path: str) -> Path | None:
        """The file that answers a raw URL path, if there is one."""

    def find_before_app(self, path: str) -> Path | None:
        """The file that answers it although legacy `routes` lead to the app."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One compiled rule; the names follow the platform's `routes`."""

    kind: Kind
    label: str
    """Where it stands in vercel.json (`rewrites[2]`), or what makes it where nobody wrote it."""
    source: str
    regex: Regex
    destination: str | None = None
    location: str | None = None
    """Where a redirect goes."""
    status: int | None = None
    headers: RuleHeaders = ()
    check: bool = False
    is_continue: bool = False
    methods: frozenset[str] | None = None
    has: tuple[CompiledCondition, ...] = ()
    missing: tuple[CompiledCondition, ...] = ()

    @property
    def without_slash(self) -> bool:
        """Whether it is tried on the path without its slash as well, as the platform does.

        So `old` means `/old`, and `/:path*` matches `/`.
        """
        return self.kind != "error" and not self.regex.prefix.startswith("/")

    @property
    def prefix(self) -> str:
        """Lower-case text that every path it matches starts with."""
        return "" if self.without_slash else self.regex.prefix


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one phase, filed by the first segment of the paths they can match."""

    rules: tuple[Rule, ...] = ()
    prefixes: tuple[str, ...] = ()
    by_segment: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    anywhere: tuple[int, ...] = ()

    def candidates(self, folded_path: str) -> tuple[int, ...]:
        """Indexes of the rules that could match a lower-case path, in order."""
        if not self.by_segment:
            return self.anywhere
        return self.by_segment.get(first_segment(folded_path), self.anywhere)


def first_segment(path: str) -> str:
    return path[1:].partition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTable:
    phases: Mapping[Phase, RuleSet]
    functions: Mapping[str, str]
    """Output path -> function name: `/api/users/[id]`, `/api`."""
    app: str | None
    """The framework app, which gets every request that nothing else answered."""
    routed_app: str | None = None
    """The app that only legacy `routes` lead to."""

    @property
    def is_plain(self) -> bool:
        """Whether nothing but files and the app decides."""
        return self.app is not None and not self.phases and not self.functions


# -- outcomes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    status: int
    location: str
    headers: RuleHeaders = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeFile:
    file: Path
    path: str
    """The URL path under which it was found."""
    status: int = 200
    headers: RuleHeaders = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeFunction:
    """`path` and `query` are what the function sees; `status`, where set, replaces its own."""

    function: str
    path: str
    query: str
    matched_path: str
    status: int | None = None
    headers: RuleHeaders = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyExternal:
    url: str
    status: int | None = None
    headers: RuleHeaders = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Respond:
    """A bare answer of the platform; `code` is empty where the status is no error."""

    status: int
    code: str = ""
    headers: RuleHeaders = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """404: `file` is the project's 404.html, None means the platform's page."""

    file: Path | None = None
    headers: RuleHeaders = ()


type Outcome = Redirect | ServeFile | InvokeFunction | ProxyExternal | Respond | NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEntry:
    """One thing routing tried, for `vercel-emu route`: a rule, or a lookup of a path."""

    phase: Phase
    label: str
    source: str
    path: str
    matched: bool
    detail: str = ""
    captures: Mapping[str, str] = field(default_factory=dict)
