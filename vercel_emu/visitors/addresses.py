"""Addresses that belong to nobody: a visitor's own, stable one from the documentation ranges."""

from __future__ import annotations

import hashlib
import ipaddress

from vercel_emu.errors import EmuError

# RFC 5737: TEST-NET-1, -2 and -3. RFC 5398: AS numbers for documentation.
_IPV4_NETS = ("192.0.2", "198.51.100", "203.0.113")
_AS_NUMBERS: tuple[int, ...] = (*range(64496, 64512), *range(65536, 65552))


def documentation_ip(seed: str) -> str:
    """An IPv4 address of RFC 5737, always the same for the same seed."""
    number = _number(seed) % (len(_IPV4_NETS) * 254)
    return f"{_IPV4_NETS[number // 254]}.{number % 254 + 1}"


def documentation_as_number(seed: str) -> int:
    """An AS number of RFC 5398, always the same for the same seed."""
    return _AS_NUMBERS[_number(f"as:{seed}") % len(_AS_NUMBERS)]


def parse_ip(text: str) -> str | None:
    """The address in its usual spelling, or None where the text is no IP address."""
    bare = text.strip().removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return None if "%" in bare else str(address)


def check_ip(text: str, where: str) -> str:
    address = parse_ip(text)
    if address is None:
        raise EmuError(
            "INVALID_VISITOR",
            f'{where}: "{text}" is not an IPv4 or IPv6 address.',
            "Write it as 203.0.113.9 or 2001:db8::9.",
        )
    return address


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=16).digest())
