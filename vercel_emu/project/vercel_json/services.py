"""`services` of vercel.json, and the rules that lead to them: both known, neither emulated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vercel_emu.project.vercel_json.faults import LEFT_OUT
from vercel_emu.project.vercel_json.model import Service

_KEYS = ("services", "experimentalServicesV2", "experimentalServices")


def declared_services(data: Mapping[str, Any]) -> Iterator[Service]:
    """The services of a checked vercel.json, whichever of the keys has them."""
    for key in _KEYS:
        for name, service in data.get(key, {}).items():
            texts = {k: v for k, v in service.items() if isinstance(v, str)}
            yield Service(
                name=name,
                key=f"{key}.{name}",
                folder=texts.get("root") or texts.get("workspace", ""),
                entrypoint=texts.get("entrypoint", ""),
                runtime=texts.get("runtime", ""),
                framework=texts.get("framework", ""),
            )


def rules_to_services(data: Mapping[str, Any]) -> list[str]:
    """The places of the rules whose destination is a service (`rewrites[0]`)."""
    return [
        f"{key}[{index}]"
        for key in ("rewrites", "routes")
        for index, rule in enumerate(data.get(key, []))
        if rule is not LEFT_OUT and isinstance(rule.get("dest", rule.get("destination")), dict)
    ]
