"""`vercel-emu cache`: look into and change the runtime cache, whether an emulator runs or not."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import click
import msgspec

from vercel_emu.cli import printing
from vercel_emu.cli.commands.cache.common import (
    by_plain_key,
    cache,
    command,
    echo_json,
    json_flag,
    nothing,
    one_key,
    plain_key,
    plural,
)
from vercel_emu.control.cache_access import CacheAccess
from vercel_emu.errors import EmuError, Where
from vercel_emu.runtime_cache import operations as ops
from vercel_emu.runtime_cache import policy, sdk_keys
from vercel_emu.runtime_cache.exchange import from_line, to_line

__all__ = ["cache"]

_BATCH = 200
_BATCH_BYTES = 1024 * 1024


@command("ls")
@click.option("--tag", default="", metavar="T", help="Only items with this tag.")
@by_plain_key
@click.option("--limit", default=100, type=click.IntRange(1, ops.MOST_ITEMS), show_default=True)
@click.option("--after", default="", metavar="KEY", help="Go on behind this key (see `next`).")
@click.option("--all", "everything", is_flag=True, help="All pages at once.")
@json_flag
def ls(
    access: CacheAccess,
    where: dict[str, str],
    tag: str,
    plain: str | None,
    namespace: str,
    limit: int,
    after: str,
    everything: bool,
    as_json: bool,
) -> None:
    """List items: key, name, size, tags, age, time left, hits.

    JSON: {"items": [{"key", "namespace", "name", "size", "tags", "age", "ttl", "hits"}], "next"};
    times in seconds, `ttl` null for no end.
    """
    prefix = sdk_keys.namespace_prefix(namespace)
    if plain is not None:
        prefix = sdk_keys.stored_key(plain, namespace)
    limit = ops.MOST_ITEMS if everything else limit
    asked = ops.ListItems(tag=tag, prefix=prefix, after=after, limit=limit, **where)
    page = access("items", asked, ops.Items)
    while everything and page.next:
        asked.after = page.next
        more = access("items", asked, ops.Items)
        page = ops.Items(items=page.items + more.items, next=more.next)
    if plain is not None:
        page = ops.Items(items=[item for item in page.items if item.key == prefix])
    if as_json:
        echo_json(page)
        return
    if not page.items:
        text = _no_items(access, where, tag=tag, namespace=namespace, plain=plain)
        printing.echo_empty(text)
        return
    from vercel_emu.cli.commands.cache.view import print_items

    print_items(page, plain)
    if page.next:
        click.secho(f"There is more: --after {page.next!r}, or --all.", dim=True, err=True)


def _no_items(
    access: CacheAccess, where: dict[str, str], *, tag: str, namespace: str, plain: str | None
) -> str:
    """What was looked for in vain, and where else there is something."""
    sought = [f"tag {tag!r}"] * bool(tag)
    if namespace and plain is None:
        sought.append(f"namespace {namespace!r}")
    if plain is not None:
        sought.append(f"key {plain_key(plain, namespace).shown}")
    summary = access("stats", ops.Request(**where), ops.Summary)
    here = f"{summary.project}, {summary.environment}, {summary.region}"
    others = [
        f"--env {scope.environment} --region {scope.region}"
        for scope in summary.scopes
        if (scope.environment, scope.region) != (summary.environment, summary.region)
        and scope.project == summary.project
    ]
    text = f"No items with {' and '.join(sought)}" if sought else "No items"
    also = f" Others were written with: {'; '.join(others)}." if others else ""
    return f"{text} in {here}.{also}"


@command("get")
@click.argument("key", required=False)
@by_plain_key
@click.option("--raw", is_flag=True, help="The stored bytes and nothing else.")
@json_flag
def get(
    access: CacheAccess,
    where: dict[str, str],
    key: str | None,
    plain: str | None,
    namespace: str,
    raw: bool,
    as_json: bool,
) -> None:
    """Show one item and its value.

    JSON: {"key", "tags", "name", "ttl", "age", "hits", "value"}; what an item does not have is left
    out, and a value that is not JSON is "text".
    """
    asked = one_key(key, plain, namespace)
    item = access("get", ops.GetItem(key=asked.stored, **where), ops.Found).item
    if item is None:
        raise nothing(
            f"There is no fresh item {asked.shown}. `vercel-emu cache ls` lists the keys."
        )
    if raw:
        click.echo(item.body, nl=False)
    elif as_json:
        printing.echo_json(_with_value(item))
    else:
        from vercel_emu.cli.commands.cache.view import print_record

        print_record(item, plain)


def _with_value(item: ops.Record) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(item, body=b""))
    facts.pop("body", None)
    try:
        return {**facts, "value": printing.strict_json(item.body)}
    except (ValueError, RecursionError):
        return {**facts, "text": item.body.decode(errors="backslashreplace")}


@command("set", creates=True)
@click.argument("arguments", nargs=-1, required=True, metavar="[KEY] VALUE")
@by_plain_key
@click.option("--ttl", metavar="SECONDS", help="Time to live; none without it.")
@click.option("--tag", "tags", multiple=True, help="A tag of the item (repeatable).")
@click.option("--name", default="", help="The item's name.")
@click.option("--raw", is_flag=True, help="Store VALUE as it is, even if it is no JSON.")
def set_(
    access: CacheAccess,
    where: dict[str, str],
    arguments: tuple[str, ...],
    plain: str | None,
    namespace: str,
    ttl: str | None,
    tags: tuple[str, ...],
    name: str,
    raw: bool,
) -> None:
    """Write one item. VALUE is JSON, else text; `-` reads it from standard input."""
    if len(arguments) > 2:
        raise click.UsageError("Give one KEY and one VALUE; quote values that have spaces.")
    key = one_key(arguments[0] if len(arguments) == 2 else None, plain, namespace)
    value = arguments[-1]
    body = sys.stdin.buffer.read() if value == "-" else os.fsencode(value)
    seconds = policy.parse_ttl(ttl) if ttl is not None else None
    if ttl is not None and not seconds:
        raise click.BadParameter(
            f"{ttl!r} is not a whole number of seconds above 0", param_hint="--ttl"
        )
    record = ops.Record(
        key=key.stored, body=body if raw else as_json_bytes(body), tags=tags, name=name, ttl=seconds
    )
    answer = access("put", ops.PutItems(records=[record], **where), ops.Stored)
    for refused in answer.refused:
        raise EmuError("CACHE_REFUSED", f"Item {key.shown} was not stored: {refused.reason}.")
    click.echo(f"Stored {key.shown}.")


def as_json_bytes(body: bytes) -> bytes:
    """The SDK reads values as JSON: what is none becomes a JSON text."""
    try:
        json.loads(body)
    except ValueError:
        return json.dumps(body.decode(errors="backslashreplace"), ensure_ascii=False).encode()
    except RecursionError:
        raise EmuError(
            "INVALID_CACHE_VALUE",
            "The value is nested too deeply: no app could read it as JSON.",
            "Store it as text: --raw stores it as it is.",
        ) from None
    return body


@command("rm")
@click.argument("keys", nargs=-1)
@by_plain_key
def rm(
    access: CacheAccess,
    where: dict[str, str],
    keys: tuple[str, ...],
    plain: str | None,
    namespace: str,
) -> None:
    """Delete items."""
    shown = {key: repr(key) for key in keys}
    if plain is not None:
        key = plain_key(plain, namespace)
        shown[key.stored] = key.shown
    if not shown:
        raise click.UsageError("Give at least one KEY, or --key PLAIN.")
    answer = access("delete", ops.DeleteItems(keys=list(shown), **where), ops.Deleted)
    for name in answer.deleted:
        click.echo(f"Deleted {shown[name]}.")
    if answer.missing:
        missing = ", ".join(shown[name] for name in answer.missing)
        raise nothing(f"There is no fresh item {missing}. `vercel-emu cache ls` lists the keys.")


@command("expire-tag")
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
def expire_tag(access: CacheAccess, where: dict[str, str], tags: tuple[str, ...]) -> None:
    """Make every item that has one of the tags a miss."""
    answer = access("expire-tags", ops.ExpireTags(tags=list(tags), **where), ops.Expired)
    names = ", ".join(repr(tag) for tag in answer.tags)
    if not answer.items:
        raise nothing(f"No fresh item has the tag {names}. `vercel-emu cache stats` lists tags.")
    click.echo(f"Expired {names}: {plural(answer.items)}.")


@command("clear")
def clear(access: CacheAccess, where: dict[str, str]) -> None:
    """Delete every item of the environment and region."""
    answer = access("clear", ops.Request(**where), ops.Cleared)
    click.echo(f"Cleared {plural(answer.items)}.")


@command("stats")
@json_flag
def stats(access: CacheAccess, where: dict[str, str], as_json: bool) -> None:
    """Items, bytes, hit rate, and the tags that most items have.

    JSON: {"project", "environment", "region", "stats": {"items", "bytes", "hits", "misses",
    "tags": [{"tag", "items", "bytes"}], "stored_bytes", "max_bytes"}, "scopes": [{"project",
    "environment", "region"}]}.
    """
    summary = access("stats", ops.Request(**where), ops.Summary)
    if as_json:
        echo_json(summary)
        return
    from vercel_emu.cli.commands.cache.view import print_summary

    print_summary(summary)


@command("export")
@click.argument("file", type=click.File("wb"), default="-")
def export(access: CacheAccess, where: dict[str, str], file: BinaryIO) -> None:
    """Write every item to FILE (default: standard output), one JSON object a line."""
    asked = ops.ListItems(limit=_BATCH, **where)
    count = 0
    while True:
        page = access("records", asked, ops.Records)
        file.writelines(to_line(record) for record in page.records)
        count += len(page.records)
        if not page.next:
            break
        asked.after = page.next
    click.echo(f"Exported {plural(count)}.", err=True)


@command("import", creates=True)
@click.argument("file", type=click.File("rb"), default="-")
def import_(access: CacheAccess, where: dict[str, str], file: BinaryIO) -> None:
    """Read items that `export` wrote from FILE (default: standard input)."""
    stored = 0
    refused: list[ops.RefusedItem] = []
    for batch in _batches(file):
        answer = access("put", ops.PutItems(records=batch, **where), ops.Stored)
        stored += answer.stored
        refused += answer.refused
    for one in refused:
        click.echo(f"{one.key!r} was not stored: {one.reason}.", err=True)
    click.echo(f"Imported {plural(stored)}.", err=True)
    if refused:
        raise click.exceptions.Exit(1)


def _batches(file: BinaryIO) -> Iterator[list[ops.Record]]:
    """Records in pieces; those before a bad line are handed out before the error is."""
    batch: list[ops.Record] = []
    size = 0
    name = getattr(file, "name", "-")
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            record = from_line(line, Where(name, line=number))
        except EmuError:
            yield batch
            raise
        batch.append(record)
        size += len(line)
        if len(batch) >= _BATCH or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
