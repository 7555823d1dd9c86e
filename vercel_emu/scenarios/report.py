"""What came of a scenario: each request's result, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vercel_emu.scenarios.expectations import Failure, curl_command
from vercel_emu.scenarios.scenario import PlannedRequest, Scenario
from vercel_emu.visitors.asking import TextHeaders
from vercel_emu.visitors.visitor import Visitor


@dataclass(frozen=True, slots=True)
class Result:
    """One request: `status` 0 where no answer came. `headers` are what was sent.

    `identity` is the answer's `x-vercel-id`, `kept` what it held for later steps.
    """

    request: PlannedRequest
    visitor: Visitor
    headers: TextHeaders
    status: int
    duration_ms: float
    failures: tuple[Failure, ...] = ()
    identity: str = ""
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The results that have something in common, such as a country."""

    name: str
    requests: int
    failed: int
    p50_ms: float
    p95_ms: float
    slowest_ms: float
    edge_regions: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Report:
    """A played scenario. `url` is where it was sent, `repeat_at` where a person can do it again.

    `planned` is how many requests it has; with fewer results it was stopped before its end. `logs`
    are what the app wrote for failed requests, by `x-vercel-id`, `outside` for none in particular.
    """

    scenario: Scenario
    file: str
    url: str
    repeat_at: str
    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0
    planned: int = 0
    logs: dict[str, list[str]] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every request was sent."""
        return len(self.results) >= self.planned

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if result.failures]

    def by_country(self) -> list[Line]:
        """A line for each country, the one with the most requests first."""
        return _lines((one.visitor.country or "unknown", one) for one in self.results)

    def by_step(self) -> list[Line]:
        """A line for each step, in the order of the file."""
        return sorted(
            _lines((str(one.request.step), one) for one in self.results),
            key=lambda line: int(line.name),
        )

    def step_name(self, index: int) -> str:
        """The step's own name, else what it requests."""
        step = self.scenario.steps[index]
        return step.name or f"{step.method} {step.path}"

    def curl(self, result: Result) -> str:
        """The command line that repeats a request."""
        return curl_command(result.request, self.repeat_at, result.headers)


def _lines(named: Iterable[tuple[str, Result]]) -> list[Line]:
    groups: dict[str, list[Result]] = {}
    for name, result in named:
        groups.setdefault(name, []).append(result)
    lines = [_line(name, results) for name, results in groups.items()]
    return sorted(lines, key=lambda line: (-line.requests, line.name))


def _line(name: str, results: Sequence[Result]) -> Line:
    times = sorted(result.duration_ms for result in results)
    return Line(
        name=name,
        requests=len(results),
        failed=sum(1 for result in results if result.failures),
        p50_ms=percentile(times, 50),
        p95_ms=percentile(times, 95),
        slowest_ms=times[-1],
        edge_regions=tuple(sorted({result.visitor.edge_region for result in results})),
    )


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` of the sorted values don't exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
