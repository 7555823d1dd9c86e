"""A report for programs: JSON, and JUnit XML for the test pages of CI systems."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree

from vercel_emu.scenarios.report import Report, Result

_CONTROL = {code: "\ufffd" for code in range(32) if chr(code) not in "\t\n\r"}


def as_json(report: Report) -> dict[str, Any]:
    """The shape of `vercel-emu play --json`, documented in docs/scenarios.md."""
    return {
        "name": report.scenario.name,
        "file": report.file,
        "url": report.url,
        "seed": report.scenario.seed,
        "seconds": round(report.seconds, 3),
        "complete": report.complete,
        "requests": len(report.results),
        "failed": len(report.failed),
        "steps": [
            {**_rounded(asdict(line)), "name": report.step_name(int(line.name))}
            for line in report.by_step()
        ],
        "countries": [_rounded(asdict(line)) for line in report.by_country()],
        "failures": [_failed(report, result) for result in report.failed],
    }


def _failed(report: Report, result: Result) -> dict[str, Any]:
    return {
        "step": result.request.step,
        "number": result.request.number,
        "visitor": result.visitor.label,
        "method": result.request.method,
        "path": result.request.path,
        "status": result.status,
        "duration_ms": round(result.duration_ms, 3),
        "problems": [asdict(failure) for failure in result.failures],
        "curl": report.curl(result),
        "logs": report.logs.get(result.identity, []),
    }


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in values.items()}


def as_junit(report: Report) -> bytes:
    """One test case for each request, in a suite for each step."""
    name = report.scenario.name or report.file
    root = ElementTree.Element("testsuites", {"name": _xml(name), **_counts(report.results)})
    for index in range(len(report.scenario.steps)):
        results = [result for result in report.results if result.request.step == index]
        title = report.step_name(index)
        shape = {"name": _xml(title), "errors": "0", "skipped": "0", **_counts(results)}
        suite = ElementTree.SubElement(root, "testsuite", shape)
        for result in results:
            _case(suite, report, result, f"{_xml(name)}.{_xml(title)}")
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _counts(results: list[Result]) -> dict[str, str]:
    return {
        "tests": str(len(results)),
        "failures": str(sum(1 for result in results if result.failures)),
        "time": _seconds(sum(result.duration_ms for result in results)),
    }


def _case(suite: ElementTree.Element, report: Report, result: Result, group: str) -> None:
    request = result.request
    name = f"{request.number + 1}: {request.method} {request.path} as {result.visitor.label}"
    case = ElementTree.SubElement(
        suite, "testcase", classname=group, name=_xml(name), time=_seconds(result.duration_ms)
    )
    if not result.failures:
        return
    lines = [f"{one.what}: expected {one.expected}, came {one.came}" for one in result.failures]
    failure = ElementTree.SubElement(case, "failure", message=_xml(lines[0]))
    failure.text = _xml("\n".join([*lines, "", report.curl(result)]))
    if logs := report.logs.get(result.identity):
        ElementTree.SubElement(case, "system-out").text = _xml("\n".join(logs))


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.4f}"


def _xml(text: str) -> str:
    return text.translate(_CONTROL)
