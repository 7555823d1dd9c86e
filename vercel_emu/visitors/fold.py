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
# The last are variation selectors, which say how an emoji is drawn.
_JOINERS = re.compile(r"['’‘ʻʼ`´.·\ufe00-\ufe0f]+")
_SEPARATORS = re.compile(r"[^a-z0-9]+")
# Combining classes of what is no accent: letters, and the marks that make other letters in Indian
# scripts (nukta, virama) and in Japanese (dakuten). Without them Nepal is Naples in Hindi.
_KEPT = frozenset({0, 7, 8, 9})
_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "ft": "fort", "mt": "mount"}


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The name without case, accents and punctuation; empty where nothing is left."""
    if text.isascii():
        plain = _SEPARATORS.sub(" ", _JOINERS.sub("", text.lower()))
    else:
        folded = unicodedata.normalize("NFKD", text).casefold()
        parts = unicodedata.normalize("NFKD", folded)
        bare = "".join(c for c in parts if unicodedata.combining(c) in _KEPT)
        letters = unicodedata.normalize("NFC", _JOINERS.sub("", bare)).translate(_LETTERS)
        plain = "".join(c if _belongs(c) else " " for c in letters)
    return " ".join(_ABBREVIATIONS.get(word, word) for word in plain.split())


def _belongs(character: str) -> bool:
    """Whether it is part of a word: a letter, a digit, or a vowel sign of Indian scripts."""
    return character.isalnum() or unicodedata.category(character) in ("Mc", "Mn")
