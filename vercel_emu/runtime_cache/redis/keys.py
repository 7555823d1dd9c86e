"""Names of the keys on the server, and back from them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from vercel_emu.runtime_cache.model import Scope

_PREFIX = "vercel-emu:1:"
SCOPES = f"{_PREFIX}scopes"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one scope. Its parts are quoted, so that none can reach into another."""

    scope: Scope

    @property
    def _space(self) -> str:
        project = quote(self.scope.project, safe="")
        return f"{_PREFIX}{{{project}/{quote(self.scope.environment, safe='')}}}"

    @property
    def items(self) -> str:
        """What every item's key begins with."""
        return f"{self._space}:i:{quote(self.scope.region, safe='')}:"

    @property
    def tags(self) -> str:
        return f"{self._space}:tags"

    @property
    def pending(self) -> str:
        return f"{self._space}:pending"

    @property
    def stats(self) -> str:
        return f"{self._space}:s:{quote(self.scope.region, safe='')}"

    def item(self, key: str) -> str:
        return self.items + key

    def matching(self, prefix: str) -> str:
        """A SCAN pattern for the items whose key begins with `prefix`."""
        text = self.items + prefix
        return "".join(f"\\{c}" if c in r"*?[]\^" else c for c in text) + "*"


def scope_name(scope: Scope) -> str:
    """A scope as a member of the list of scopes."""
    return "/".join(
        quote(part, safe="") for part in (scope.project, scope.environment, scope.region)
    )


def scope_of(name: str) -> Scope:
    return Scope(*(unquote(part) for part in name.split("/")))
