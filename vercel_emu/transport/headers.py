"""Headers as they are on the wire: pairs of bytes, names in lower case, in the order sent."""

from __future__ import annotations

from collections.abc import Sequence

type RawHeaders = list[tuple[bytes, bytes]]
type HeaderPairs = Sequence[tuple[bytes, bytes]]
"""The same for code that only reads them."""
