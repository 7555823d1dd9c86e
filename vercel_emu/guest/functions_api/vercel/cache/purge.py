"""Purging the edge cache by tag, where the request in progress offers it; else nothing happens."""

from __future__ import annotations

from typing import Any

from .context import get_context


def invalidate_by_tag(tag: str | list[str]) -> Any:
    """Mark what carries the tag as stale: it is served once more while it is made anew."""
    purge = get_context().purge
    return None if purge is None else purge.invalidate_by_tag(tag)


def dangerously_delete_by_tag(
    tag: str | list[str],
    *,
    revalidation_deadline_seconds: int | None = None,
) -> Any:
    """Delete what carries the tag, so that the next visitor waits for it to be made.

    With a deadline (in seconds) it is deleted only if nothing has renewed it by then.
    """
    purge = get_context().purge
    if purge is None:
        return None
    return purge.dangerously_delete_by_tag(
        tag, revalidation_deadline_seconds=revalidation_deadline_seconds
    )
