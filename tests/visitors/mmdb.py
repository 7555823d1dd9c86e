"""Writes a tiny database in the MaxMind format, so that tests need no download."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path

_MARKER = b"\xab\xcd\xefMaxMind.com"


def write_mmdb(file: Path, network: str, record: dict[str, object], *, version: int = 6) -> Path:
    """A database that knows this one network."""
    net = ipaddress.ip_network(network)
    bits = f"{int(net.network_address):0{net.max_prefixlen}b}"[: net.prefixlen]
    if version == 6 and net.version == 4:
        bits = "0" * 96 + bits
    nodes = len(bits)
    tree = b""
    for depth, bit in enumerate(bits):
        onward = depth + 1 if depth + 1 < nodes else nodes + 16  # the first record's data
        pair = (onward, nodes) if bit == "0" else (nodes, onward)
        tree += b"".join(struct.pack(">I", value)[1:] for value in pair)
    metadata = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1,
        "database_type": "Test-City",
        "description": {"en": "test"},
        "ip_version": version,
        "languages": ["en"],
        "node_count": nodes,
        "record_size": 24,
    }
    file.write_bytes(tree + bytes(16) + _pack(record) + _MARKER + _pack(metadata))
    return file


def _pack(value: object) -> bytes:
    match value:
        case str():
            raw = value.encode()
            return _control(2, len(raw)) + raw
        case float():
            return _control(3, 8) + struct.pack(">d", value)
        case int():
            raw = value.to_bytes(4).lstrip(b"\0")
            return _control(6, len(raw)) + raw
        case dict():
            pairs = (_pack(key) + _pack(inner) for key, inner in value.items())
            return _control(7, len(value)) + b"".join(pairs)
        case list():
            return bytes([len(value), 11 - 7]) + b"".join(map(_pack, value))
    raise TypeError(value)


def _control(kind: int, size: int) -> bytes:
    return bytes([kind << 5 | size]) if size < 29 else bytes([kind << 5 | 29, size - 29])
