"""From a person's key to the name under which the cache holds the item.

Every client, in any language, must compute the same name, or they would not see each other's items.
"""

from __future__ import annotations

from collections.abc import Callable

_SEPARATOR = "$"


def default_key_hash_function(key: str) -> str:
    """The xor variant of djb2 over the key's code points, in 32 bits, as hexadecimal."""
    state = 5381
    for character in key:
        state = (state * 33 & 0xFFFFFFFF) ^ ord(character)
    return f"{state:x}"


def create_key_transformer(
    key_fn: Callable[[str], str] | None,
    ns: str | None,
    sep: str | None,
) -> Callable[[str], str]:
    """The function that hashes a key and puts the namespace, if there is one, before it."""
    hash_key = key_fn or default_key_hash_function
    prefix = f"{ns}{sep or _SEPARATOR}" if ns else ""

    def make(key: str) -> str:
        return f"{prefix}{hash_key(key)}" if prefix else hash_key(key)

    return make
