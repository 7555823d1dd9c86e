"""Headers as they are on the wire: pairs of bytes, names in lower case, in the order sent."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HOST = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{0,5}))?", re.ASCII)

type RawHeaders = list[tuple[bytes, bytes]]
type HeaderPairs = Sequence[tuple[bytes, bytes]]
"""The same for code that only reads them."""


def is_host(text: str) -> bool:
    """Whether `text` is HOST or HOST:PORT: a name, an IPv4 address, or an IPv6 one in brackets."""
    found = _HOST.fullmatch(text)
    return found is not None and int(found["port"] or 0) <= 65535
