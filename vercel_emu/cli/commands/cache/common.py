"""What the `cache` commands share: where they work, and how an item is named."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import msgspec

from vercel_emu.cli import printing
from vercel_emu.cli.option_flags import with_options
from vercel_emu.control.cache_access import CacheAccess, in_emulator, on_store
from vercel_emu.control.registry import find_running
from vercel_emu.options import load_options
from vercel_emu.project.load import identify_project
from vercel_emu.project.pyproject import emu_table
from vercel_emu.runtime_cache import sdk_keys
from vercel_emu.runtime_cache.identity import cache_scope


@click.group()
def cache() -> None:
    """Look into and change the runtime cache.

    Works on the emulator that runs for the project, else on the cache itself. The SDK hashes
    keys: find an item by the key your code uses with --key and --namespace.
    """


def command(name: str, *, creates: bool = False) -> Callable[[Callable[..., Any]], click.Command]:
    """A subcommand that gets `access`, and `where` (environment and region) for its requests."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @cache.command(name)
        @with_options("env", "region", "cache")
        @click.option(
            "--project",
            "--dir",
            "directory",
            default=".",
            metavar="DIR",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="The project's folder.",
        )
        @functools.wraps(function)
        def run(directory: Path, **given: Any) -> Any:
            _check_encoding(value for name, value in given.items() if name != "arguments")
            where = {name: given.pop(name) for name in ("env", "region", "cache")}
            with opened(directory, where, creates) as access:
                names = {"environment": where["env"] or "", "region": where["region"] or ""}
                return function(access, names, **given)

        return run

    return decorate


@contextlib.contextmanager
def opened(directory: Path, given: dict[str, Any], creates: bool) -> Iterator[CacheAccess]:
    project = identify_project(directory)
    running = find_running(project.root)
    if running is not None and given["cache"] in (None, running.cache):
        with in_emulator(running) as access:
            yield access
        return
    options = load_options(emu_table(project.root), given, project.root / "pyproject.toml")
    scope = cache_scope(project, options)
    bound = options.cache_size * 1024 * 1024
    with on_store(options.cache, project.root, scope, max_bytes=bound, create=creates) as access:
        yield access


def by_plain_key(function: Callable[..., Any]) -> Callable[..., Any]:
    function = click.option(
        "--namespace", default="", metavar="N", help="The namespace your code uses."
    )(function)
    return click.option(
        "--key", "plain", metavar="PLAIN", help="The key your code uses, before the SDK hashes it."
    )(function)


json_flag = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _check_encoding(values: Iterable[Any]) -> None:
    """What is not UTF-8 on the command line can be no key, tag or name."""
    for value in values:
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str) and not text.isascii():
                try:
                    text.encode()
                except UnicodeEncodeError:
                    raise click.UsageError(f"{text!r} is not UTF-8.") from None


@dataclass(frozen=True, slots=True)
class Key:
    """A stored key; `shown` names it as it was typed."""

    stored: str
    shown: str


def plain_key(plain: str, namespace: str) -> Key:
    """The key that the app's code uses, and what the SDK makes of it."""
    stored = sdk_keys.stored_key(plain, namespace)
    inside = f" of namespace {namespace!r}" if namespace else ""
    return Key(stored, f"{plain!r}{inside} (stored as {stored!r})")


def one_key(key: str | None, plain: str | None, namespace: str) -> Key:
    """The one key that was given, in either way."""
    _check_encoding((key,))
    if plain is not None and key is None:
        return plain_key(plain, namespace)
    if key is None or plain is not None:
        raise click.UsageError("Give either a KEY as `cache ls` shows it, or --key PLAIN.")
    return Key(key, repr(key))


def nothing(message: str) -> click.exceptions.Exit:
    """Say that nothing was found: exit code 1."""
    click.echo(message, err=True)
    return click.exceptions.Exit(1)


def echo_json(value: Any) -> None:
    printing.echo_json(msgspec.to_builtins(value))


def plural(count: int) -> str:
    return f"{count:,} item" + "s" * (count != 1)
