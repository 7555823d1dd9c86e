"""`route`: one request through the compiled rules, to the one place where it ends.

The phases follow the platform's own resolver: rules before the file system, the file system,
rewrites (each looks up its destination), then what is left: the extension of an `api/` file, the
app, the error page. Headers of every matching rule are collected on the way.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping

from vercel_emu.deployment.routing.destination import (
    Captured,
    fill_header,
    fill_url,
    is_external,
    sendable_url,
)
from vercel_emu.deployment.routing.model import (
    FileLookup,
    InvokeFunction,
    NotFound,
    Outcome,
    Phase,
    ProxyExternal,
    Redirect,
    Respond,
    RouteRequest,
    RoutingTable,
    Rule,
    RuleHeaders,
    ServeFile,
    TraceEntry,
)
from vercel_emu.deployment.routing.query import merge_queries, with_query
from vercel_emu.deployment.routing.regex import CannotMatchError

_SLASHES = re.compile(r"[/\\]{2,}")
_NO_CAPTURES: Mapping[str, str] = {}

# The platform's code for a status that a rule sets without any output.
_STATUS_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    402: "PAYMENT_REQUIRED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "NOT_ALLOWED",
    410: "GONE",
    413: "PAYLOAD_TOO_LARGE",
    429: "RATE_LIMITED",
    500: "INTERNAL_SERVER_ERROR",
    501: "NOT_IMPLEMENTED",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
    508: "INFINITE_LOOP",
}


def route(
    table: RoutingTable,
    request: RouteRequest,
    files: FileLookup,
    trace: list[TraceEntry] | None = None,
) -> Outcome:
    """Where `request` ends. With `trace`, everything that was tried is appended to it."""
    if table.is_plain and trace is None and "//" not in request.path and table.app is not None:
        file = files.find(request.path)
        if file is not None:
            return ServeFile(file=file, path=request.path)
        return InvokeFunction(
            function=table.app,
            path=request.path,
            query=request.query,
            matched_path=request.path,
        )
    try:
        return _Walk(table, request, files, trace).outcome()
    except CannotMatchError:
        return Respond(status=502, code="ROUTER_CANNOT_MATCH")


class _Walk:
    """The state of one request on its way: rewritten path and query, status, headers."""

    def __init__(
        self,
        table: RoutingTable,
        request: RouteRequest,
        files: FileLookup,
        trace: list[TraceEntry] | None,
    ) -> None:
        self.table = table
        self.request = request
        self.files = files
        self.trace = trace
        self.path = request.path
        self.query = request.query
        self.status: int | None = None
        self.collected: dict[str, str] = {}

    @property
    def headers(self) -> RuleHeaders:
        return tuple(self.collected.items())

    def outcome(self) -> Outcome:
        return (
            self.collapse_slashes()
            or self.run("main")
            or self.look_up("main")
            or self.miss()
            or self.run("filesystem")
            or self.check("filesystem", is_last=True)
            or self.run("resource")
            or self.fail(404)
        )

    def collapse_slashes(self) -> Outcome | None:
        """`//` is one slash: a GET is redirected, anything else is read that way."""
        if "//" not in self.path:
            return None
        collapsed = re.sub("//+", "/", self.path)
        self.note("main", "double slash", "//", matched=True, detail=f"to {collapsed}")
        if self.request.method == "GET":
            location = sendable_url(with_query(collapsed, self.query))
            return Redirect(status=301, location=location)
        self.path = collapsed
        self.request = RouteRequest(
            self.request.method, collapsed, self.query, self.request.headers
        )
        return None

    # -- rules ---------------------------------------------------------------------------------

    def run(self, phase: Phase, error_status: int = 0) -> Outcome | None:
        """Run the rules of a phase; None where the request goes on to the next one."""
        rules = self.table.phases.get(phase)
        if rules is None:
            return None
        start = 0
        while True:
            folded = self.path.lower()
            if self.trace is None:
                indexes = rules.candidates(folded)
            else:
                indexes = tuple(range(len(rules.rules)))
            for index in indexes[bisect_left(indexes, start) :]:
                if self.trace is None and not folded.startswith(rules.prefixes[index]):
                    continue
                rule = rules.rules[index]
                captured = self.match(rule, phase)
                if captured is None or (
                    phase == "error" and rule.status not in (None, error_status)
                ):
                    continue
                before = self.path
                outcome, goes_on = self.apply(rule, captured, phase)
                if outcome is not None or not goes_on:
                    return outcome
                if self.path != before:
                    start = index + 1
                    break
            else:
                return None

    def match(self, rule: Rule, phase: Phase) -> Captured | None:
        found = rule.regex.match(self.path)
        if found is None and rule.without_slash:
            found = rule.regex.match(self.path[1:])
        if found is None:
            return self.refuse(rule, phase, "")
        if rule.methods is not None and self.request.method not in rule.methods:
            return self.refuse(rule, phase, f"method is not {' or '.join(sorted(rule.methods))}")
        conditions: dict[str, str] = {}
        for condition in rule.has:
            captures = condition.captures(self.request.headers, self.request.query)
            if captures is None:
                return self.refuse(rule, phase, f"has: {condition.describe()} does not match")
            conditions |= captures
        for condition in rule.missing:
            if condition.captures(self.request.headers, self.request.query) is not None:
                return self.refuse(rule, phase, f"missing: {condition.describe()} is there")
        captured = Captured(found, conditions)
        if self.trace is not None:
            self.note(phase, rule.label, rule.source, matched=True, captures=captured.as_mapping())
        return captured

    def apply(self, rule: Rule, captured: Captured, phase: Phase) -> tuple[Outcome | None, bool]:
        """`(where it ends, whether later rules are tried)` for a rule that matched."""
        self.collect_headers(rule, captured, phase)
        if rule.location is not None and rule.status is not None:
            location = with_query(fill_url(rule.location, captured), self.request.query)
            return self.redirect(rule.status, location), False
        if rule.destination is not None:
            destination = fill_url(rule.destination, captured)
            if is_external(destination):
                url = sendable_url(with_query(destination, self.request.query))
                status = rule.status or self.status
                return ProxyExternal(url=url, status=status, headers=self.headers), False
            # The original is needed again where a miss rule leads nowhere.
            if phase == "miss" and rule.check:
                return self.try_destination(destination, rule.status), True
            self.go_to(destination)
        if rule.status is not None and phase != "error":
            self.status = rule.status
        if phase == "hit" or rule.is_continue:
            return None, True
        if rule.check and rule.status is None:
            return self.check(phase), True
        outcome = self.look_up(phase)
        if outcome is None and phase in ("resource", "rewrite"):
            outcome = self.miss()
        is_final = rule.check or rule.destination is None
        if outcome is None and rule.status is not None and is_final and phase != "error":
            return self.fail(rule.status), False
        return outcome, False

    def redirect(self, status: int, location: str) -> Outcome:
        return Redirect(status=status, location=sendable_url(location), headers=self.headers)

    def collect_headers(self, rule: Rule, captured: Captured, phase: Phase) -> None:
        for name, value in rule.headers:
            key = fill_header(name, captured).lower()
            if key not in self.collected or phase not in ("hit", "miss"):
                self.collected[key] = fill_header(value, captured)

    def go_to(self, destination: str) -> None:
        """Continue with another path; the query starts again from the request's."""
        path, _, query = destination.partition("#")[0].partition("?")
        path = path if path.startswith("/") else f"/{path}"
        self.path = _SLASHES.sub("/", path)
        self.query = merge_queries(query, self.request.query)

    # -- lookups -------------------------------------------------------------------------------

    def look_up(self, phase: Phase) -> Outcome | None:
        """The file or function at the current path."""
        path, file = self.path, self.files.find(self.path)
        name = self.function_at(self.path) if file is None else None
        if name is not None and name == self.table.routed_app:
            path, file = self.request.path, self.files.find_before_app(self.request.path)
        if file is not None:
            self.note(phase, "file", "", matched=True, detail=file.name)
            self.hit()
            return ServeFile(file=file, path=path, status=self.status or 200, headers=self.headers)
        if name is None:
            self.note(phase, "file or function", "", matched=False)
            return None
        self.note(phase, "function", "", matched=True, detail=name)
        self.hit()
        # A function in api/ sees the path that was requested; parameters are in the query.
        return InvokeFunction(
            function=name,
            path=self.request.path,
            query=self.query,
            matched_path=self.path,
            status=self.status,
            headers=self.headers,
        )

    def function_at(self, path: str) -> str | None:
        functions = self.table.functions
        if not functions:
            return None
        return functions.get(path) or (functions.get(path[:-1]) if path.endswith("/") else None)

    def check(self, phase: Phase, *, is_last: bool = False) -> Outcome | None:
        """Look the path up, without the extension of an `api/` file, and then ask the app.

        `is_last`: nothing can follow but an error.
        """
        outcome = self.look_up(phase)
        if outcome is None and phase != "miss":
            outcome = self.run("miss") if is_last else self.miss()
        if outcome is None and phase not in ("rewrite", "error"):
            outcome = self.run("rewrite") or self.ask_app()
        return outcome

    def miss(self) -> Outcome | None:
        """The rules for paths where nothing is; their headers go where they lead nowhere."""
        before = dict(self.collected)
        outcome = self.run("miss")
        if outcome is None:
            self.collected = before
        return outcome

    def try_destination(self, destination: str, status: int | None) -> Outcome | None:
        before = self.path, self.query, self.status
        self.go_to(destination)
        self.status = status or self.status
        outcome = self.look_up("miss")
        if outcome is None:
            self.path, self.query, self.status = before
        return outcome

    def ask_app(self) -> Outcome | None:
        if self.table.app is None:
            return None
        self.note("rewrite", "app", "/(.*)", matched=True, detail=self.table.app)
        self.hit()
        return InvokeFunction(
            function=self.table.app,
            path=self.path,
            query=self.query,
            matched_path=self.path,
            status=self.status,
            headers=self.headers,
        )

    def hit(self) -> None:
        self.run("hit")

    def fail(self, status: int) -> Outcome:
        """End with `status`: through the rules for errors, else with the platform's own page."""
        if status < 400:
            return Respond(status=status, headers=self.headers)
        self.status = status
        found = self.run("error", status)
        if isinstance(found, ServeFile) and status == 404:
            return NotFound(file=found.file, headers=self.headers)
        if found is not None:
            return found
        if status == 404:
            return NotFound(headers=self.headers)
        return Respond(
            status=status, code=_STATUS_CODES.get(status, "UNKNOWN_ERROR"), headers=self.headers
        )

    # -- explaining ----------------------------------------------------------------------------

    def refuse(self, rule: Rule, phase: Phase, why: str) -> Captured | None:
        """Not a match; says why where somebody wants to know."""
        self.note(phase, rule.label, rule.source, matched=False, detail=why)
        return None

    def note(
        self,
        phase: Phase,
        label: str,
        source: str,
        *,
        matched: bool,
        detail: str = "",
        captures: Mapping[str, str] = _NO_CAPTURES,
    ) -> None:
        if self.trace is not None:
            self.trace.append(
                TraceEntry(
                    phase=phase,
                    label=label,
                    source=source,
                    path=self.path,
                    matched=matched,
                    detail=detail,
                    captures=captures,
                )
            )
