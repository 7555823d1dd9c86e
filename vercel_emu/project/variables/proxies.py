"""A proxy of the shell's is not asked for what runs on this machine.

A deployment has none. Here the runtime cache and the app itself (`VERCEL_URL`) are on loopback
addresses, where a company's proxy would look for them in vain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

OWN_HOSTS = ("localhost", "127.0.0.1", "::1")
NAMES = ("NO_PROXY", "no_proxy")
"""Programs read either; where both are read, most prefer the second."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def exceptions_from_proxies(
    variables: Mapping[str, str], hosts: Iterable[str] = ()
) -> dict[str, str]:
    """What `NO_PROXY` and `no_proxy` must be; nothing where there is no proxy.

    What they hold already stays. `*` means every host.
    """
    if not any(value for name, value in variables.items() if name.lower() in _PROXIES):
        return {}
    given = [variables.get(name, "") for name in NAMES]
    changed = {}
    for name, own, others in zip(NAMES, given, reversed(given), strict=True):
        known = [one.strip() for one in (own or others).split(",") if one.strip()]
        added = [host for host in dict.fromkeys((*OWN_HOSTS, *hosts)) if host not in known]
        if "*" not in known and (added or not own):
            changed[name] = ",".join((*known, *added))
    return changed
