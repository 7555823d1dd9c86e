"""How the `cache` commands show items and numbers to people."""

from __future__ import annotations

import json

import click

from vercel_emu.cli.terminal.tables import Column, print_table
from vercel_emu.console import plain, printable_lines
from vercel_emu.runtime_cache import sdk_keys
from vercel_emu.runtime_cache.operations import Items, Record, Summary


def print_items(page: Items, plain_key: str | None) -> None:
    """A line for each item. All of them have `plain_key`, where one was asked for."""
    asked = "" if plain_key is None else f"{plain_key} "
    numbers = (Column(title, right=True, whole=True) for title in ("AGE", "LEFT", "HITS"))
    columns = [
        Column("KEY"),
        Column("NAME"),
        Column("SIZE", right=True, whole=True),
        Column("TAGS"),
        *numbers,
    ]
    rows = [
        (
            asked + item.key,
            item.name,
            size(item.size),
            " ".join(item.tags),
            duration(item.age),
            duration(item.ttl),
            str(item.hits),
        )
        for item in page.items
    ]
    print_table(columns, rows)


def print_record(record: Record, plain_key: str | None) -> None:
    """An item's facts and its value; `plain_key` is what it was asked for as."""
    facts = {
        "key": record.key if plain_key is None else f"{plain_key} (stored as {record.key})",
        "namespace": sdk_keys.namespace_of(record.key),
        "name": record.name,
        "tags": ", ".join(record.tags),
        "size": f"{len(record.body):,} byte{'' if len(record.body) == 1 else 's'}",
        "age": duration(record.age),
        "time left": duration(record.ttl),
        "hits": str(record.hits),
    }
    for name, value in facts.items():
        if value:
            click.echo(f"{click.style(f'{name:<10}', dim=True)} {plain(value)}")
    click.echo()
    click.echo(printable_lines(pretty(record.body)))


def print_summary(summary: Summary) -> None:
    stats = summary.stats
    reads = stats.hits + stats.misses
    rate = f"{stats.hits / reads:.1%} of {reads:,} reads" if reads else "no reads yet"
    where = f"{summary.project} · {summary.environment} · {summary.region}"
    click.secho(plain(where), bold=True)
    click.echo(f"items     {stats.items:,}")
    click.echo(f"bytes     {size(stats.bytes)}")
    click.echo(f"hit rate  {rate}")
    if stats.stored_bytes is not None and stats.max_bytes is not None:
        click.echo(f"bound     {size(stats.stored_bytes)} of {size(stats.max_bytes)} in all scopes")
    if stats.tags:
        click.echo()
        numbers = (Column(title, right=True, whole=True) for title in ("ITEMS", "BYTES"))
        rows = [(tag.tag, f"{tag.items:,}", size(tag.bytes)) for tag in stats.tags]
        print_table([Column("TAG"), *numbers], rows)


def pretty(body: bytes) -> str:
    """A value as a person reads it: indented JSON, else the text, else the bytes."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body.decode(errors="backslashreplace")


def size(count: int) -> str:
    value, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            break
        value /= 1024
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def duration(seconds: float | None) -> str:
    """`4s`, `3m 20s`, `5h 1m`, `12d`; a dash for no end."""
    if seconds is None:
        return "-"
    if seconds >= 36_500 * 86_400:
        return "centuries"
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    if whole < 86_400:
        return f"{whole // 3600}h {whole % 3600 // 60}m"
    return f"{whole // 86_400}d"
