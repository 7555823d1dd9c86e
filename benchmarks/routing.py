"""What routing costs a request: no rules, a few, and a thousand.

Run: python benchmarks/routing.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from vercel_emu.deployment.public_files import PublicFiles
from vercel_emu.deployment.routing import RouteRequest, compile_routing, route
from vercel_emu.project.model import Entrypoint, Function
from vercel_emu.project.vercel_json.reader import parse_vercel_config

APP = Function(name="app", entrypoint=Entrypoint("app.py", "app", "app"))
BROWSER = [
    (b"host", b"example.com"),
    (b"accept", b"text/html"),
    (b"cookie", b"a=1; b=2; session=0123456789"),
    (b"x-vercel-ip-country", b"US"),
]


def _rules(count: int, source: str, **more: Any) -> list[dict[str, Any]]:
    return [{"source": source.format(i), "destination": f"/new/{i}", **more} for i in range(count)]


CASES: dict[str, dict[str, Any]] = {
    "no rules": {},
    "10 redirects, 10 rewrites": {
        "redirects": _rules(10, "/old-{}/:slug"),
        "rewrites": _rules(10, "/v{}/:path*"),
    },
    "1,000 redirects, own first segment": {"redirects": _rules(1000, "/old-{}/:slug")},
    "1,000 redirects, common first segment": {"redirects": _rules(1000, "/blog/post-{}")},
    "1,000 patterns, common first segment": {"redirects": _rules(1000, "/blog/p{}-:id(\\d+)")},
    "500 redirects, 500 rewrites, cleanUrls": {
        "cleanUrls": True,
        "trailingSlash": False,
        "redirects": _rules(500, "/old-{}/:slug"),
        "rewrites": _rules(500, "/v{}/:path*"),
    },
    "1,000 rules with has": {
        "redirects": _rules(1000, "/shop-{}/:id", has=[{"type": "query", "key": "q"}])
    },
}


def microseconds(call: Callable[[], object], seconds: float = 0.2) -> float:
    """The median cost of a call, over batches."""
    batches = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter_ns()
        for _ in range(20):
            call()
        batches.append((time.perf_counter_ns() - started) / 20_000)
    return sorted(batches)[len(batches) // 2]


def main() -> None:
    files = PublicFiles([])
    print(f"{'rules':<42} {'no match':>10} {'last match':>11}   µs per request")
    for name, data in CASES.items():
        table = compile_routing(parse_vercel_config(data), [APP])
        rules = [*data.get("redirects", []), *data.get("rewrites", [])]
        last = rules[-1]["source"] if rules else "/"
        path = last.replace(":slug", "x").replace(":path*", "x/y").replace(":id(\\d+)", "7")
        costs = []
        for target in ("/blog/2024/hello-world", path.replace(":id", "7")):
            request = RouteRequest("GET", target, "q=1", BROWSER)
            costs.append(microseconds(lambda r=request, t=table: route(t, r, files)))  # type: ignore[misc]
        print(f"{name:<42} {costs[0]:>10.1f} {costs[1]:>11.1f}")


if __name__ == "__main__":
    main()
