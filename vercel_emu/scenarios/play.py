"""Sends the requests of a scenario in their time, and checks what comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec

from vercel_emu.errors import EmuError, Where
from vercel_emu.platform import header_names as names
from vercel_emu.scenarios.cache_look import CacheLook
from vercel_emu.scenarios.expectations import Failure, check
from vercel_emu.scenarios.kept import Kept, filled_step, not_kept, taken
from vercel_emu.scenarios.report import Report, Result
from vercel_emu.scenarios.scenario import (
    PlannedRequest,
    Scenario,
    body_of,
    headers_of,
    plan,
    requests_of,
    used_names,
)
from vercel_emu.transport.client import HttpClient, NoAnswer
from vercel_emu.visitors.asking import TextHeaders, by_fields, by_name
from vercel_emu.visitors.resolve import resolve_visitor
from vercel_emu.visitors.visitor import Visitor

type OnResult = Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Cast:
    """The visitors of a scenario: who they are, and how a request asks to be one of them."""

    visitors: Mapping[str, Visitor]
    headers: Mapping[str, TextHeaders]


def cast(
    scenario: Scenario,
    file: str,
    *,
    known: Mapping[str, object] | None = None,
    geoip_db: Path | None = None,
    source: str = "",
) -> Cast:
    """Find every visitor before anything is sent; `known` are those of the emulator's project.

    `source` is the file's text, to name the line of one that does not exist.

    Raises:
        EmuError: the scenario names somebody who doesn't exist.
    """
    own = {name: _table(visitor) for name, visitor in scenario.visitors.items()}
    visitors, headers = {}, {}
    for name in dict.fromkeys(request.visitor for request in plan(scenario)):
        try:
            visitor = resolve_visitor(
                name, named={**(known or {}), **own}, geoip_db=geoip_db, file=file
            )
        except EmuError as error:
            raise _located(error, name, file, source) from None
        visitors[name] = visitor
        headers[name] = by_fields(visitor) if visitor.label in own else by_name(name)
    return Cast(visitors, headers)


def _located(error: EmuError, name: str, file: str, source: str) -> EmuError:
    """The error with file and line, unless it has them already."""
    if error.where is not None and error.where.file == file:
        return error
    line = next((n for n, text in enumerate(source.splitlines(), 1) if name in text), None)
    at = f"{file}, line {line}" if line else file
    where = error.where or Where(file, line=line)
    return EmuError(error.code, f"{at}: {error.message}", error.hint, where=where)


def _table(visitor: object) -> dict[str, object]:
    table: dict[str, object] = msgspec.to_builtins(visitor)
    return {key: value for key, value in table.items() if value is not None}


class Player:
    """Plays a scenario once or several times. `look` sees the runtime cache, where it can be.

    `repeat_at` is the address for the command lines that repeat a failed request.
    """

    def __init__(
        self,
        scenario: Scenario,
        cast: Cast,
        client: HttpClient,
        *,
        file: str,
        look: CacheLook | None = None,
        repeat_at: str = "",
    ) -> None:
        self._scenario = scenario
        self._cast = cast
        self._client = client
        self._file = file
        self._look = look
        self._repeat_at = repeat_at or client.url
        kept = {name for step in scenario.steps for name in step.keep}
        self._used = [used_names(step) & kept if kept else set() for step in scenario.steps]

    def new_report(self) -> Report:
        """An empty report of one play."""
        return Report(
            scenario=self._scenario,
            file=self._file,
            url=self._client.url,
            repeat_at=self._repeat_at,
            planned=requests_of(self._scenario),
        )

    async def play(self, report: Report, on_result: OnResult = lambda result: None) -> None:
        """Every step after the other. Results are in the order of the plan.

        Where it is cancelled the report has what came until then.
        """
        started = time.perf_counter()
        kept = Kept()
        try:
            for index, requests in groupby(plan(self._scenario), lambda request: request.step):
                step = self._scenario.steps[index]
                results: list[Result] = []
                try:
                    await self._step(requests, step.at_once, kept, results, on_result)
                finally:
                    results.sort(key=lambda result: result.request.number)
                    report.results += results
                for result in results:
                    kept.add(result.request.visitor, result.kept)
                if step.pause:
                    await asyncio.sleep(step.pause)
        finally:
            report.seconds = time.perf_counter() - started

    async def _step(
        self,
        requests: Iterable[PlannedRequest],
        at_once: int,
        kept: Kept,
        results: list[Result],
        on_result: OnResult,
    ) -> None:
        """Up to `at_once` requests under way, none of them before it is due."""
        waiting = iter(requests)
        clock = asyncio.get_running_loop().time
        start = clock()

        async def send_one_by_one() -> None:
            for request in waiting:
                if request.due is not None and (early := start + request.due - clock()) > 0:
                    await asyncio.sleep(early)
                result = await self._send(request, kept)
                results.append(result)
                on_result(result)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(send_one_by_one())
        except* EmuError as errors:
            raise _first(errors) from None

    async def _send(self, request: PlannedRequest, kept: Kept) -> Result:
        step = self._scenario.steps[request.step]
        visitor = self._cast.visitors[request.visitor]
        who = self._cast.headers[request.visitor]
        if used := self._used[request.step]:
            values = kept.of(request.visitor)
            if missing := not_kept(used, values):
                return Result(request, visitor, (*who, *request.headers), 0, 0.0, missing)
            step = filled_step(step, values)
            request = msgspec.structs.replace(
                request, path=step.path, headers=headers_of(step), body=body_of(step)
            )
        headers = (*who, *request.headers)
        started = time.perf_counter()
        try:
            answer = await self._client.send(request.method, request.path, headers, request.body)
        except NoAnswer as error:
            duration = (time.perf_counter() - started) * 1000
            return Result(
                request,
                visitor,
                headers,
                0,
                duration,
                (Failure("request", "an answer", str(error)),),
            )
        view = await self._look.after(step.expect, answer, visitor) if self._look else None
        found, not_found = taken(step, answer)
        return Result(
            request,
            visitor,
            headers,
            answer.status,
            answer.duration_ms,
            (*check(step.expect, answer, visitor, view), *not_found),
            identity=answer.headers.get(names.VERCEL_ID, ""),
            kept=found,
        )


def _first(group: BaseExceptionGroup[EmuError]) -> EmuError:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
