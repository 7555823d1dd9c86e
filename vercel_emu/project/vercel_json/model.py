"""vercel.json as frozen values; no raw dict of it travels further than `vercel_config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from vercel_emu.errors import ProjectWarning
from vercel_emu.project.model import UNSET, FunctionSettings, Unset

_NOTHING: Mapping[str, str] = MappingProxyType({})


def _index() -> int:
    """The number of an entry in its list of the file, which is no part of what it says."""
    index: int = field(default=0, compare=False)
    return index


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCondition:
    """A condition object of `has`/`missing`; every operator that is given must hold."""

    eq: str | float | None = None
    neq: str | None = None
    inc: tuple[str, ...] | None = None
    ninc: tuple[str, ...] | None = None
    pre: str | None = None
    suf: str | None = None
    re: str | None = None
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry of `has` or `missing`. Without `value` the key must only be present."""

    type: Literal["host", "header", "cookie", "query"]
    key: str
    value: str | ValueCondition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectRule:
    source: str
    destination: str
    status: int
    has: tuple[Condition, ...] = ()
    missing: tuple[Condition, ...] = ()
    index: int = _index()


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteRule:
    source: str
    destination: str
    status: int | None = None
    has: tuple[Condition, ...] = ()
    missing: tuple[Condition, ...] = ()
    index: int = _index()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRule:
    source: str
    headers: tuple[tuple[str, str], ...]
    has: tuple[Condition, ...] = ()
    missing: tuple[Condition, ...] = ()
    index: int = _index()


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyRoute:
    """One entry of `routes`; where `handle` is set it only starts a phase."""

    handle: str | None = None
    src: str = ""
    dest: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    methods: tuple[str, ...] | None = None
    status: int | None = None
    check: bool = False
    is_continue: bool = False
    case_sensitive: bool = False
    has: tuple[Condition, ...] = ()
    missing: tuple[Condition, ...] = ()
    index: int = _index()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a rule leads inside the deployment.

    `path` is as it is written but for its query, `source` the rule's, `key` its place in the file.
    """

    path: str
    source: str
    key: str


@dataclass(frozen=True, slots=True)
class Build:
    """One entry of the legacy `builds`; the globs are those of its `config`."""

    src: str
    use: str
    dist_dir: str | None = None
    """`config.distDir`: where the build leaves its files, relative to the folder of `src`."""
    include_files: tuple[str, ...] = ()
    exclude_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One entry of `services` (or `experimentalServices`), which are not emulated.

    `folder` is relative to the project root (empty: the root); `entrypoint` a file, `module:object`
    or empty. `key` is its place in vercel.json.
    """

    name: str
    key: str
    folder: str = ""
    entrypoint: str = ""
    runtime: str = ""
    framework: str = ""


@dataclass(frozen=True, slots=True)
class Cron:
    path: str
    schedule: str
    index: int = _index()


@dataclass(frozen=True, slots=True, kw_only=True)
class VercelConfig:
    """What vercel.json (or vercel.toml) says; the defaults are those of a project without one."""

    file_name: str | None = None
    redirects: tuple[RedirectRule, ...] = ()
    rewrites: tuple[RewriteRule, ...] = ()
    headers: tuple[HeaderRule, ...] = ()
    routes: tuple[LegacyRoute, ...] = ()
    clean_urls: bool | None = None
    trailing_slash: bool | None = None
    function_settings: Mapping[str, FunctionSettings] = field(
        default_factory=lambda: MappingProxyType({})
    )
    crons: tuple[Cron, ...] = ()
    builds: tuple[Build, ...] = ()
    services: tuple[Service, ...] = ()
    regions: tuple[str, ...] | None = None
    output_directory: str | None = None
    framework: str | Unset | None = UNSET
    build_command: str | None = None
    install_command: str | None = None
    dev_command: str | None = None
    env: Mapping[str, str] = _NOTHING
    build_env: Mapping[str, str] = _NOTHING
    warnings: tuple[ProjectWarning, ...] = ()

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Where rewrites and routes lead inside the deployment, in the order of the file."""
        found = [(one.destination, one.source, f"rewrites[{one.index}]") for one in self.rewrites]
        found += [(one.dest or "", one.src, f"routes[{one.index}]") for one in self.routes]
        return tuple(
            Destination(f"/{text.partition('?')[0].lstrip('/')}", source, key)
            for text, source, key in found
            if text and "://" not in text
        )

    @property
    def is_case_sensitive(self) -> bool:
        """Legacy `src` ignores case unless a newer routing property is used as well."""
        return bool(
            self.redirects
            or self.rewrites
            or self.headers
            or self.clean_urls is not None
            or self.trailing_slash is not None
        )
