"""How the `cache` commands show items and numbers to people."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table
from rich.text import Text

from vercel_emu.runtime_cache import sdk_keys
from vercel_emu.runtime_cache.operations import Items, Record, Summary


def print_items(page: Items) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("KEY", overflow="fold", min_width=8)
    table.add_column("NAME", overflow="ellipsis", no_wrap=True)
    table.add_column("SIZE", justify="right", no_wrap=True)
    table.add_column("TAGS", overflow="ellipsis", no_wrap=True)
    for title in ("AGE", "LEFT", "HITS"):
        table.add_column(title, justify="right", no_wrap=True)
    for item in page.items:
        table.add_row(
            Text(item.key),
            Text(item.name),
            size(item.size),
            Text(" ".join(item.tags)),
            duration(item.age),
            duration(item.ttl),
            str(item.hits),
        )
    console().print(table)


def print_record(record: Record) -> None:
    facts = {
        "key": record.key,
        "namespace": sdk_keys.namespace_of(record.key),
        "name": record.name,
        "tags": ", ".join(record.tags),
        "size": f"{len(record.body):,} bytes",
        "age": duration(record.age),
        "time left": duration(record.ttl),
        "hits": str(record.hits),
    }
    out = console()
    for name, value in facts.items():
        if value:
            out.print(Text(f"{name:<10} ", style="dim") + Text(value))
    out.print()
    out.print(Text(pretty(record.body)))


def print_summary(summary: Summary) -> None:
    stats = summary.stats
    reads = stats.hits + stats.misses
    rate = f"{stats.hits / reads:.1%} of {reads:,} reads" if reads else "no reads yet"
    out = console()
    out.print(Text(f"{summary.project} · {summary.environment} · {summary.region}", style="bold"))
    out.print(f"items     {stats.items:,}")
    out.print(f"bytes     {size(stats.bytes)}")
    out.print(f"hit rate  {rate}")
    if stats.stored_bytes is not None and stats.max_bytes is not None:
        out.print(f"bound     {size(stats.stored_bytes)} of {size(stats.max_bytes)} in all scopes")
    if stats.tags:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("TAG", overflow="fold")
        table.add_column("ITEMS", justify="right")
        table.add_column("BYTES", justify="right")
        for tag in stats.tags:
            table.add_row(Text(tag.tag), f"{tag.items:,}", size(tag.bytes))
        out.print()
        out.print(table)


def console() -> Console:
    return Console(highlight=False, soft_wrap=False)


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
