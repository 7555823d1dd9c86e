"""One spelling for every way a person types a name, so that `SAO PAULO` finds `São Paulo`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not take apart into a base letter and an accent.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe", "ə": "a"}
)
# `'` and `.` join what they separate (`St. John's` is `st johns`), other punctuation is a space.
_JOINERS = re.compile(r"['’‘ʻʼ`´.·]+")
_SEPARATORS = re.compile(r"[^\w]+|_+")
_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The name without case, accents and punctuation; empty where nothing is left."""
    if text.isascii():
        plain = text.lower()
    else:
        folded = unicodedata.normalize("NFKD", text).casefold()
        parts = unicodedata.normalize("NFKD", folded)
        bare = "".join(c for c in parts if not unicodedata.category(c).startswith("M"))
        plain = unicodedata.normalize("NFC", bare).translate(_LETTERS)
    words = _SEPARATORS.sub(" ", _JOINERS.sub("", plain)).split()
    return " ".join(_ABBREVIATIONS.get(word, word) for word in words)
