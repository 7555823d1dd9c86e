"""The options of an emulator as keywords with types, so that a typo fails where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TypedDict

from vercel_emu.options import LogFormat, Mode

type AnyPath = str | PathLike[str]


class EmulatorOptions(TypedDict, total=False):
    """Every option of `vercel-emu dev`, with `_` for `-`; `visitor` is a parameter of its own.

    What each means: `vercel-emu dev --help`, docs/options.md.
    """

    listen: str | int | None
    https: bool
    https_cert: AnyPath | None
    https_key: AnyPath | None
    env: Mode
    region: str
    app: str | None
    python: AnyPath | None
    env_file: AnyPath | None
    install: bool | None
    geoip_db: AnyPath | None
    overrides: bool
    max_duration: int | None
    limits: bool
    strict_fs: bool
    strict_memory: bool
    cdn_cache: bool
    crons: str | float | bool | None
    cache: str
    cache_size: int
    tag_propagation: int
    official_cache_client: bool
    reload: bool
    watch: Sequence[AnyPath]
    ignore: Sequence[str]
    poll: bool
    standby: bool
    instances: int
    startup_timeout: float
    drain_limit: float
    stream_grace: float
    idle_timeout: float | None
    overlay: bool
    editor: str | None
    live_reload: bool
    debugpy: int | bool | None
    open: bool
    quiet: bool
    verbose: bool
    log_format: LogFormat
