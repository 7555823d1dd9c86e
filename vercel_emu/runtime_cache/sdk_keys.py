"""How the official SDK builds keys, so that people can look an item up by its plain key.

`RuntimeCache` hashes the plain key (djb2, xor variant, 32 bits, as hex) and puts the namespace
in front, joined by `$`. A `key_hash_function` of the app's own can't be known here.
"""

from __future__ import annotations

import re

SEPARATOR = "$"
_HASHED = re.compile(r"(?P<namespace>.+)\$[0-9a-f]{1,8}", re.DOTALL)


def hashed(plain: str) -> str:
    """The SDK's default hash of a plain key."""
    value = 5381
    for character in plain:
        value = ((value * 33) ^ ord(character)) & 0xFFFFFFFF
    return format(value, "x")


def stored_key(plain: str, namespace: str = "") -> str:
    """The key under which the SDK stores a plain key."""
    return namespace_prefix(namespace) + hashed(plain)


def namespace_prefix(namespace: str) -> str:
    """What every key of a namespace begins with."""
    return f"{namespace}{SEPARATOR}" if namespace else ""


def namespace_of(key: str) -> str:
    """The namespace in a stored key, "" where it shows none."""
    match = _HASHED.fullmatch(key)
    return match["namespace"] if match else ""
