"""Where the posts come from: the address in `BLOG_ORIGIN`, or the small origin in this file."""

import json
import os
from datetime import UTC, datetime
from typing import Any
from urllib.request import urlopen

POSTS = [
    {"slug": "hello", "title": "Hello from the edge"},
    {"slug": "cold-starts", "title": "What a cold start is made of"},
    {"slug": "tags", "title": "One tag, many entries"},
]


def fetch_blog() -> dict[str, Any]:
    """All posts, with the time they were fetched at: it stays while the cache answers."""
    address = os.environ.get("BLOG_ORIGIN")
    print(f"fetching the posts from {address or 'the built-in origin'}")
    posts = fetch_json(address) if address else POSTS
    return {"posts": posts, "fetched_at": datetime.now(UTC).isoformat()}


def fetch_json(address: str) -> Any:
    with urlopen(address, timeout=10) as response:
        return json.load(response)
