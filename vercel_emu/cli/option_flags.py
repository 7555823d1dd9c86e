"""Click decorators made from the one table of options."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

if typing.TYPE_CHECKING:
    from click.shell_completion import CompletionItem

from vercel_emu.options import Help, Options

GROUPS: dict[str, tuple[str, ...]] = {
    "Where and what": (
        *("listen", "https", "https_cert", "https_key", "env", "region", "app", "python"),
        *("env_file", "install"),
    ),
    "Who is asking": ("visitor", "geoip_db", "overrides"),
    "As on the platform": (
        *("max_duration", "limits", "strict_fs", "strict_memory", "cdn_cache", "crons"),
        *("instances", "startup_timeout", "idle_timeout"),
    ),
    "Runtime cache": ("cache", "cache_size", "tag_propagation", "official_cache_client"),
    "Reload": (
        *("reload", "watch", "ignore", "poll", "standby", "drain_limit", "stream_grace"),
        *("live_reload", "debugpy"),
    ),
    "What you see": ("overlay", "editor", "open", "quiet", "verbose", "log_format"),
}
"""How `dev --help` puts the options together; what is named nowhere comes last."""


class GroupedCommand(click.Command):
    """A command whose help has its options in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        left = {
            option.name or "": option
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
        }
        for title, names in {**GROUPS, "Other": tuple(left)}.items():
            options = [left.pop(name) for name in names if name in left]
            records = [option.get_help_record(ctx) for option in options]
            if rows := [record for record in records if record is not None]:
                with formatter.section(title):
                    formatter.write_dl(rows)


def complete_visitor(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Imported late: nothing of this is needed but by the shell."""
    from vercel_emu.cli import completing

    return completing.complete_visitor(ctx, param, incomplete)


def complete_region(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The same for `--region`."""
    from vercel_emu.cli import completing

    return completing.complete_region(ctx, param, incomplete)


def with_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the named options of `Options` (all where none is named) to a command.

    A flag that is not given has the value None, so that `pyproject.toml` can decide.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        fields = [one for one in dataclasses.fields(Options) if not names or one.name in names]
        hints = typing.get_type_hints(Options)
        for field in reversed(fields):
            command = _decorator(field, hints[field.name])(command)
        return command

    return decorate


def _decorator(
    field: dataclasses.Field[Any], hint: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    described: Help = field.metadata["help"]
    text = described.text
    if field.default not in (None, (), True, False):
        text += f" [default: {field.default}]"
    kind = _unwrap(hint)
    settings: dict[str, Any] = {"default": None, "help": text}
    if described.metavar:
        settings["metavar"] = described.metavar
    if described.bare:
        settings |= {"is_flag": False, "flag_value": described.bare}
    if kind is bool:
        settings["is_flag"] = True
        if "/" not in described.flags:
            settings["flag_value"] = True
    elif typing.get_origin(kind) is typing.Literal:
        settings["type"] = click.Choice(typing.get_args(kind))
    elif typing.get_origin(kind) is tuple:
        settings["multiple"] = True
        settings["type"] = _click_type(typing.get_args(kind)[0])
        settings["callback"] = lambda ctx, param, value: tuple(value) or None
    else:
        settings["type"] = _click_type(kind)
    if field.name in ("visitor", "region"):
        settings["shell_complete"] = (
            complete_visitor if field.name == "visitor" else complete_region
        )
    return click.option(described.flags, field.name, **settings)


def _unwrap(hint: Any) -> Any:
    if isinstance(hint, typing.TypeAliasType):
        hint = hint.__value__
    if isinstance(hint, types.UnionType):
        return _unwrap(next(one for one in typing.get_args(hint) if one is not types.NoneType))
    return hint


def _click_type(kind: Any) -> Any:
    return click.Path(path_type=Path) if kind is Path else kind
