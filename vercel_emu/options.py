"""Every option, once: the command line, `[tool.vercel-emu]` and docs/options.md.

A field's metadata says how it is written and explained. `pyproject.toml` uses the field's name with
dashes (`log-format = "json"`); the command line wins over it.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from vercel_emu.errors import EmuError, Where, refusal
from vercel_emu.platform.regions import check_region

type Mode = Literal["development", "preview", "production"]
type LogFormat = Literal["pretty", "json"]

DEBUGPY_PORT = 5678
"""Where debuggers look for debugpy unless they are told otherwise."""

MAX_SPEED = 100_000.0
"""How many times faster than the clock the schedule of cron jobs may run."""


@dataclass(frozen=True, slots=True)
class Help:
    """How one option is written (`flags`) and explained (`text`). `config` False: CLI only."""

    flags: str
    text: str
    config: bool = True
    metavar: str = ""
    bare: str | int = ""
    """The value of the option where it is given without one, or as `true`."""
    number: bool = False
    """Whether a number may be written where it is text."""
    least: float | None = None
    """The smallest number that makes sense."""


def _option(
    default: Any,
    flags: str,
    text: str,
    *,
    config: bool = True,
    metavar: str = "",
    bare: str | int = "",
    number: bool = False,
    least: float | None = None,
) -> Any:
    described = Help(flags, text, config, metavar, bare, number, least)
    return dataclasses.field(default=default, metadata={"help": described})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `vercel-emu dev`."""

    listen: str | None = _option(
        None,
        "--listen",
        "Where to listen. The default port moves to the next free one if it is busy.",
        metavar="[HOST:]PORT",
        number=True,
    )
    https: bool = _option(
        False, "--https", "Serve HTTPS, as a deployment does, with a development certificate."
    )
    https_cert: Path | None = _option(
        None, "--https-cert", "Serve HTTPS with this certificate (PEM).", metavar="FILE"
    )
    https_key: Path | None = _option(
        None,
        "--https-key",
        "Its private key, where the certificate's file lacks it.",
        metavar="FILE",
    )
    env: Mode = _option("development", "--env", "The environment to emulate.")
    region: str = _option("iad1", "--region", "The region the functions run in.", metavar="CODE")
    app: str | None = _option(
        None,
        "--app",
        "The app to run, instead of the one a deployment would find.",
        metavar="MODULE:VARIABLE",
    )
    python: Path | None = _option(
        None, "--python", "The interpreter (or virtual environment) of the app.", metavar="PATH"
    )
    env_file: Path | None = _option(
        None, "--env-file", "Read this file after .env and .env.local.", metavar="PATH"
    )
    install: bool | None = _option(
        None,
        "--install/--no-install",
        "Install missing dependencies, also into an existing environment / never install.",
    )
    visitor: str | None = _option(
        None, "--visitor", "Who is asking: a place, an IP address, or none.", metavar="WHO"
    )
    geoip_db: Path | None = _option(
        None, "--geoip-db", "A MaxMind-format database for IP visitors.", metavar="FILE"
    )
    overrides: bool = _option(
        True,
        "--overrides/--no-overrides",
        "Let requests choose their visitor with x-emu-* headers and a cookie.",
    )
    max_duration: int | None = _option(
        None,
        "--max-duration",
        "Seconds a function may run, over vercel.json and the platform's 300.",
        metavar="SECONDS",
        least=1,
    )
    limits: bool = _option(True, "--limits/--no-limits", "Enforce the platform's size limits.")
    strict_fs: bool = _option(
        False,
        "--strict-fs",
        "Writing outside /tmp and reading what is not deployed fail, as there (else a warning).",
    )
    strict_memory: bool = _option(
        False, "--strict-memory", "End a function that uses more memory than its limit."
    )
    cdn_cache: bool = _option(
        False, "--cdn-cache", "Cache responses in front of the functions, as the CDN does."
    )
    crons: str | None = _option(
        None,
        "--crons",
        "Call the cron jobs on schedule; =60x lets an hour pass in a minute.",
        metavar="[SPEED]",
        bare="1x",
        number=True,
    )
    cache: str = _option(
        "file",
        "--cache",
        "The runtime cache: file, memory, or redis://... (valkey://...) for a shared one.",
        metavar="STORE",
    )
    cache_size: int = _option(
        512, "--cache-size", "Size bound of the runtime cache in MB.", metavar="MB", least=1
    )
    tag_propagation: int = _option(
        0,
        "--tag-propagation",
        "Delay until an expired tag reaches the other regions, in milliseconds.",
        metavar="MS",
        least=0,
    )
    official_cache_client: bool = _option(
        False,
        "--official-cache-client",
        "Use the SDK's own cache client inside requests (tens of ms a request, not 0.5).",
    )
    reload: bool = _option(True, "--reload/--no-reload", "Reload when files change.")
    watch: tuple[Path, ...] = _option(
        (), "--watch", "Watch this path too (repeatable).", metavar="PATH"
    )
    ignore: tuple[str, ...] = _option(
        (), "--ignore", "Don't reload for these files (repeatable).", metavar="GLOB"
    )
    poll: bool = _option(False, "--poll", "Watch by polling, for file systems that send no events.")
    standby: bool = _option(
        True, "--standby/--no-standby", "Keep a warm process ready for the next reload."
    )
    instances: int = _option(
        1, "--instances", "How many instances of a function run side by side.", metavar="N", least=1
    )
    startup_timeout: float = _option(
        30.0,
        "--startup-timeout",
        "Seconds a function may take to start.",
        metavar="SECONDS",
        least=0.1,
    )
    drain_limit: float = _option(
        30.0,
        "--drain-limit",
        "Seconds that running requests may finish on old code after a reload.",
        metavar="SECONDS",
        least=0,
    )
    stream_grace: float = _option(
        2.0,
        "--stream-grace",
        "Seconds until WebSockets and event streams on old code are closed.",
        metavar="SECONDS",
        least=0,
    )
    idle_timeout: float | None = _option(
        None,
        "--idle-timeout",
        "Stop a function without requests for this long (0: never). "
        "Default: in api/ after 300 s, else never.",
        metavar="SECONDS",
        least=0,
    )
    overlay: bool = _option(
        True,
        "--overlay/--no-overlay",
        "Browsers see an exception's traceback; error pages reload themselves once the code works.",
    )
    editor: str | None = _option(
        None,
        "--editor",
        "What the links of error pages open: vscode, cursor, pycharm, zed, sublime ..., none, or a "
        "URL with {file} and {line}. Default: the terminal's or $EDITOR's.",
        metavar="NAME",
    )
    live_reload: bool = _option(
        False, "--live-reload", "Open HTML pages reload themselves after a reload."
    )
    debugpy: int | None = _option(
        None,
        "--debugpy",
        "Let a debugger attach at this port (5678).",
        metavar="[PORT]",
        bare=DEBUGPY_PORT,
        least=0,
    )
    open: bool = _option(False, "--open", "Open the browser when ready.", config=False)
    quiet: bool = _option(False, "--quiet", "Only warnings, errors and the app's own output.")
    verbose: bool = _option(
        False, "--verbose", "Also say what the emulator does and why, and what an installer prints."
    )
    log_format: LogFormat = _option(
        "pretty", "--log-format", "For people, or one JSON object a line."
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            described: Help = field.metadata["help"]
            value = getattr(self, field.name)
            if described.least is not None and value is not None and value < described.least:
                raise EmuError(
                    "INVALID_OPTION",
                    f"{described.flags} can't be {value}.",
                    f"It is {described.least} or more: {described.text}",
                )
        object.__setattr__(self, "region", check_region(self.region))
        parse_listen(self.listen)
        if self.crons is not None:
            parse_speed(self.crons)
        if self.https_key is not None and self.https_cert is None:
            raise EmuError(
                "INVALID_OPTION",
                f"--https-key {self.https_key} is there without --https-cert.",
                "Name the certificate too, or leave both away for one that is made for you.",
            )


def help_of(name: str) -> Help:
    """The metadata of one option."""
    for field in dataclasses.fields(Options):
        if field.name == name:
            found: Help = field.metadata["help"]
            return found
    raise KeyError(name)


def load_options(table: Mapping[str, Any], given: Mapping[str, Any], file: Path) -> Options:
    """Options from `[tool.vercel-emu]` of `file` and, stronger, those given on the command line.

    `table` keys that hold tables (`visitors`) belong to others and are left alone.

    Raises:
        EmuError: an unknown key or a wrong value, with file, key and what is allowed.
    """
    values: dict[str, Any] = {}
    known = {field.name.replace("_", "-"): field.name for field in dataclasses.fields(Options)}
    for key, value in table.items():
        if isinstance(value, dict):
            continue
        name = known.get(key.replace("_", "-"))
        if name is None or not help_of(name).config:
            close = difflib.get_close_matches(key, known, n=1)
            raise EmuError(
                "INVALID_OPTION",
                f'{file.name}: [tool.vercel-emu] has no option "{key}".',
                f'Did you mean "{close[0]}"?' if close else "See `vercel-emu dev --help`.",
                where=Where(file.name, f"[tool.vercel-emu] {key}"),
            )
        values[name] = as_written(name, value)
    given = {name: value for name, value in given.items() if value is not None}
    try:
        checked = msgspec.convert(values, Options, dec_hook=_convert, strict=True)
    except EmuError as error:
        raise error.at(Where(file.name, "[tool.vercel-emu]")) from None
    except msgspec.ValidationError as error:
        reason, path, _ = refusal(error)
        key = path.replace("_", "-")
        raise EmuError(
            "INVALID_OPTION",
            f"{file.name}: [tool.vercel-emu] {key}: {reason}.",
            _allowed(key),
            where=Where(file.name, f"[tool.vercel-emu] {key}"),
        ) from None
    return dataclasses.replace(checked, **given)


def as_written(name: str, value: Any) -> Any:
    """What a number or a switch means where the option is text: `listen = 3000`, `crons = true`.

    `false` takes back an option that may be given without a value.
    """
    described = help_of(name)
    if isinstance(value, bool) and described.bare:
        return described.bare if value else None
    if described.number and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _allowed(key: str) -> str:
    name = key.split("[")[0].replace("-", "_")
    return f"{key}: {help_of(name).text}" if name in Options.__dataclass_fields__ else ""


def _convert(kind: type, value: Any) -> Any:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(f"a {kind.__name__} is written as text")


_BARE_HOSTS = ("localhost", "127.0.0.1", "::1", "[::1]", "0.0.0.0", "::", "[::]")


def parse_listen(text: str | None) -> tuple[str, int | None]:
    """Host and port of `PORT`, `HOST:PORT` or a bare `HOST`; port None where none was asked for.

    Raises:
        EmuError: not an address.
    """
    if text is None:
        return "localhost", None
    if text in _BARE_HOSTS:
        return text.strip("[]"), None
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise EmuError(
            "BAD_ADDRESS",
            f"--listen: {text!r} has no port between 0 and 65535.",
            "Write PORT, HOST:PORT or HOST, such as 3000, [::1]:3000 or 0.0.0.0.",
        )
    return host.strip("[]") or "localhost", int(port)


def parse_speed(text: str) -> float:
    """`60x` or `60` -> 60.0: how many times faster than the clock the schedule runs.

    Raises:
        EmuError: not a number above 0.
    """
    try:
        speed = float(text.strip().lower().removesuffix("x") or "1")
    except ValueError:
        speed = 0.0
    if not 0 < speed <= MAX_SPEED:
        raise EmuError(
            "INVALID_OPTION",
            f"--crons: {text!r} is not a speed.",
            "Write --crons=60x to let an hour pass in a minute. For real time write --crons, with "
            "nothing or another option after it.",
        )
    return speed
