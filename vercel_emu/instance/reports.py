"""What instances say, turned into events and into bookkeeping of their invocations."""

from __future__ import annotations

import time
from collections import Counter

from vercel_emu import events
from vercel_emu.instance.instance import UNSAID_LINES, Change, Instance
from vercel_emu.instance.output.logs import Stream
from vercel_emu.instance.output.tracebacks import TRACEBACK, read_traceback
from vercel_emu.instance.process import ipc

_SERVER_ERROR = "Exception in ASGI application"
_OUR_PING = '"GET /_vercel/ping HTTP/1.1" 200'
"""Logged by the runtime's server for WSGI apps and handlers."""
_CACHE_ITEMS_OF_A_LINE = 50


class Reports:
    """Reports, for one function, everything that has no influence on its instances' lives."""

    def __init__(self, function: str, emit: events.Emit) -> None:
        self.function = function
        self._builtin_api: tuple[str, ...] = ()
        self._emit = emit
        self._told: set[str] = set()
        self._cache_lines: Counter[tuple[str, str]] = Counter()

    def handle(self, instance: Instance, message: ipc.RuntimeMessage) -> None:
        """Report a message; those that concern the lifecycle are not for here."""
        just_ended, instance.just_ended = instance.just_ended, ""
        match message:
            case ipc.HandlerStarted(payload):
                instance.invocations.handler_started(payload.context.invocation_id)
            case ipc.End(payload):
                self._ended(instance, payload.context.invocation_id)
            case ipc.Log(payload):
                self._log(instance, payload, just_ended)
            case ipc.Metric(payload):
                self._fetch(payload.context.invocation_id, payload.payload)
            case ipc.UnrecoverableError(payload):
                instance.fatal = payload.message
            case ipc.FunctionsAPI(payload):
                self._functions_api(tuple(payload.builtin), payload.installed)
            case ipc.Standby(payload):
                self._stands_by(instance, payload.modules, payload.duration_ms)
            case ipc.FsWrite(payload):
                self._wrote(payload.path, payload.where, refused=payload.refused)
            case ipc.LeftOutRead(payload):
                self._read_left_out(payload)
            case ipc.CacheSet(payload):
                self._cache_set(payload)
            case ipc.CacheOutside(payload):
                self._cache_outside(payload.where)
            case ipc.SelfCall(payload):
                self._emit(
                    events.SelfCall(
                        invocation_id=payload.invocation, function=self.function, port=payload.port
                    )
                )
            case _:
                pass

    def output(self, instance: Instance, stream: Stream, text: str) -> None:
        """Output below Python (C libraries, the interpreter itself, `os.write`)."""
        for line in instance.lines.add("", "", stream, text):
            instance.say(line.text)
            if instance.ready:
                self._emit(line)
            else:
                # Of an instance that can't start this becomes part of the failure: not said twice.
                instance.unsaid.append(line)
                if len(instance.unsaid) > UNSAID_LINES:
                    self._emit(instance.unsaid.popleft())

    def starting(self, instance: Instance) -> None:
        """It was launched, or a standby was told to go."""
        self._emit(
            events.InstanceStarting(
                function=self.function, instance=instance.name, warm_standby=instance.from_standby
            )
        )

    def ready(self, instance: Instance) -> None:
        """It takes requests."""
        instance.ready = True
        for line in instance.unsaid:
            self._emit(line)
        instance.unsaid.clear()
        self._emit(
            events.InstanceReady(
                function=self.function,
                instance=instance.name,
                duration_ms=(time.monotonic() - instance.since) * 1000,
                init_ms=instance.init_ms,
                user_init_ms=instance.user_init_ms,
                warm_standby=instance.from_standby,
            )
        )

    def reloaded(self, instance: Instance, change: Change) -> None:
        """It is the first that serves after a change."""
        self._emit(
            events.Reloaded(
                files=change.files,
                duration_ms=(time.perf_counter() - change.at) * 1000,
                warm_standby=instance.from_standby,
                reason=change.reason,
            )
        )

    def gone(self, instance: Instance, *, served: bool, replaced: bool) -> None:
        """It has ended after it had served, by itself or because a new one took its place."""
        if served:
            self._emit(
                events.InstanceFailed(
                    function=self.function, instance=instance.name, message=instance.exit_text
                )
            )
        elif replaced:
            self._emit(
                events.InstanceStopped(
                    function=self.function, instance=instance.name, reason=instance.stop_reason
                )
            )

    def _ended(self, instance: Instance, invocation_id: str) -> None:
        for line in instance.lines.flush(invocation_id):
            self._emit(line)
        instance.just_ended = invocation_id
        found = instance.invocations.ended(invocation_id)
        if found is not None:
            self._emit(
                events.InvocationEnded(
                    invocation_id=invocation_id,
                    function=self.function,
                    instance=instance.name,
                    duration_ms=(time.monotonic() - found.started) * 1000,
                )
            )

    def _log(self, instance: Instance, log: ipc.LogPayload, just_ended: str) -> None:
        id_ = log.context.invocation_id
        text = log.text()
        if id_ == "0" and just_ended and text.startswith(_SERVER_ERROR):
            # The runtime leaves the invocation, says `end`, and only then its server logs the
            # exception that came through: nothing can come in between.
            id_ = just_ended
            text = read_traceback(text, instance.root).traceback
        if id_ == "0" and _OUR_PING in text:
            return
        if TRACEBACK in text and (found := instance.invocations.get(id_)):
            found.logged(text)
        for line in instance.lines.add(id_, log.level, log.stream, text):
            if instance.connections is None or line.level in ("error", "fatal"):
                instance.say(line.text)
            self._emit(line)

    def _fetch(self, invocation_id: str, fetch: ipc.Fetch) -> None:
        self._emit(
            events.OutgoingFetch(
                invocation_id=invocation_id,
                method=fetch.method,
                host=fetch.host,
                path=fetch.pathname,
                status=fetch.status_code,
                duration_ms=fetch.duration,
            )
        )

    def _wrote(self, path: str, where: str, *, refused: bool) -> None:
        """Told once for each file, however many instances and reloads write it."""
        if path in self._told:
            return
        self._told.add(path)
        outcome = "failed" if refused else "works here, but fails in a deployment"
        self._emit(
            events.Notice(
                level="warn",
                code="READ_ONLY_FILE_SYSTEM",
                message=f"{where}: writing {path} {outcome}",
                hint="Only /tmp can be written there. --strict-fs makes it fail here too."
                if not refused
                else "Only /tmp can be written in a deployment.",
            )
        )

    def _read_left_out(self, read: ipc.LeftOutReadPayload) -> None:
        """Told once for each file, as writes are."""
        if read.path in self._told:
            return
        self._told.add(read.path)
        place = f"{read.where}: " if read.where else ""
        here = "" if read.refused else " --strict-fs makes it fail here too."
        self._emit(
            events.Notice(
                level="warn",
                code="NOT_IN_BUNDLE",
                message=f"{place}{read.what} {read.path}, which this function does not have in a "
                "deployment",
                hint=f"{read.why}{here}",
            )
        )

    def _cache_set(self, item: ipc.CacheSetPayload) -> None:
        """Told once for each key and reason, and of the keys of one line some only."""
        what = f"{item.stored_key}\0{item.reason}"
        if what in self._told:
            return
        self._told.add(what)
        self._cache_lines[item.place, item.code] += 1
        told = self._cache_lines[item.place, item.code]
        if told > _CACHE_ITEMS_OF_A_LINE:
            return
        place = f"{item.place}: " if item.place else ""
        named = f" (name {item.name!r})" if item.name else ""
        outcome = "stored, but" if item.stored else "not stored:"
        hint = (
            "A deployment does the same."
            if item.stored
            else "Vercel refuses it as well, and the SDK does not say so. "
            "The item's old value, if any, is unchanged."
        )
        if told == _CACHE_ITEMS_OF_A_LINE:
            hint += " Further items of this line are not told."
        self._emit(
            events.Notice(
                level="warn",
                code=item.code,
                message=f"{place}runtime cache item {item.key!r}{named} was {outcome} "
                f"{item.reason}.",
                hint=hint,
            )
        )

    def _cache_outside(self, where: str) -> None:
        """Told once for each line."""
        if where in self._told:
            return
        self._told.add(where)
        place = f"{where}: " if where else ""
        self._emit(
            events.Notice(
                level="warn",
                code="CACHE_OUTSIDE_REQUEST",
                message=f"{place}the runtime cache is used outside of a request: the items stay in "
                "the memory of this process, as in a deployment",
                hint="Use it in a request. Scripts have it with `vercel-emu run`.",
            )
        )

    def _functions_api(self, builtin: tuple[str, ...], installed: str) -> None:
        if builtin == self._builtin_api:
            return
        self._builtin_api = builtin
        self._emit(
            events.FunctionsAPI(function=self.function, builtin=builtin, installed=installed)
        )

    def _stands_by(self, instance: Instance, modules: int, duration_ms: float) -> None:
        self._emit(
            events.StandbyReady(
                function=self.function,
                instance=instance.name,
                modules=modules,
                duration_ms=duration_ms,
                memory_mb=instance.process.memory_mb(),
            )
        )
