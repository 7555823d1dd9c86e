"""What a running project does about changed files: the least that makes the next request right."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vercel_emu import tasks
from vercel_emu.deployment.deploy import Deployment, deploy, published_folders
from vercel_emu.emu_folder import prepare_folder
from vercel_emu.emulator.function_set import FunctionSet
from vercel_emu.emulator.installed_copies import InstalledCopies
from vercel_emu.emulator.prepare import Prepared, prepare
from vercel_emu.emulator.project import RunningProject
from vercel_emu.errors import EmuError, Where
from vercel_emu.events import Notice, Reloading, notice_of
from vercel_emu.instance.instance import Change
from vercel_emu.options import Options
from vercel_emu.project.python.workspace import local_packages
from vercel_emu.project.variables.env_files import read_env_files
from vercel_emu.watching.meaning import Meaning, meaning
from vercel_emu.watching.packages import watch_packages
from vercel_emu.watching.sources import Source, start_source
from vercel_emu.watching.tree import Reader, Stamp
from vercel_emu.watching.watcher import Saved, Watcher

if TYPE_CHECKING:
    from vercel_emu.emulator.django_static import DjangoPublisher

_LIVE_OPTIONS = frozenset(
    {"env", "region", "env_file", "app", "max_duration", "startup_timeout", "drain_limit"}
    | {"stream_grace", "idle_timeout", "standby", "ignore", "watch"}
)
"""Options of pyproject.toml that a running emulator takes over."""
_FOLDER = "the project's folder"


class Reloader:
    """Watches the project's files and has the functions follow them.

    `read_options` reads the options again; where it is None they stay as they are.
    """

    def __init__(
        self,
        project: RunningProject,
        functions: FunctionSet,
        django: DjangoPublisher | None,
        read_options: Callable[[], Options] | None = None,
    ) -> None:
        self._project = project
        self._functions = functions
        self._django = django
        self._read_options = read_options
        self._seen_at = 0.0
        self._work: asyncio.Task[None] | None = None
        self._source: Source | None = None
        self._copies: InstalledCopies | None = None

    async def start(self, stack: contextlib.AsyncExitStack) -> None:
        """Begin to watch, where the options say so."""
        project = self._project
        stack.push_async_callback(self._finish)
        if not project.options.reload:
            return
        root = project.prepared.project.root
        options = project.options
        extra = tuple(root / path for path in options.watch)
        if options.env_file is not None:
            extra += (Path.cwd() / options.env_file,)
        kept = published_folders(project.prepared.project, project.prepared.config)
        copies = InstalledCopies(root.resolve(), project.prepared.interpreter.site_packages)
        self._copies = copies
        beside = (*local_packages(root), *copies.followed())
        reader = Reader(root, options.ignore, extra, kept, beside=beside)
        watcher = Watcher(reader, self._seen, self._settled)
        watcher.on_too_large, watcher.on_root = self._not_followed, self._root_came_or_went
        watcher.is_own, watcher.on_own = self._is_own, self._own_came_or_went
        stack.push_async_callback(watcher.close)
        self._source = await start_source(watcher, poll=options.poll, on_limit=self._limit_reached)
        stack.push_async_callback(self._source.close)
        project.gate.look = project.own_writes.look = self._source.look
        project.own_writes.on_begun = watcher.reconsider
        project.on_import = partial(self._follow, watcher)
        for path, before in project.imports.items():
            self._follow(watcher, path, before)
        folders = project.prepared.interpreter.site_packages
        packages = tasks.start(watch_packages(folders, self._packages_changed), "packages")
        stack.push_async_callback(_cancel, packages)

    def reload_now(self) -> None:
        """What the person asks for by a key: everything anew, from scratch."""
        self._seen()
        self._begin(self._restart(()))

    # News --------------------------------------------------------------------------------------

    def _seen(self) -> None:
        self._project.gate.close()
        self._seen_at = time.perf_counter()

    def _is_own(self, path: str, state: Stamp | None, half_made: bool) -> bool:
        ends_only = self._source is None or self._source.ends_only
        writes = self._project.own_writes
        return writes.explain(path, state, half_made=half_made, ends_only=ends_only)

    def _own_came_or_went(self, file: str) -> None:
        """The app has written a file that visitors may ask for."""
        if file.startswith(self._project.public_folders()):
            self._begin(self._republish(Meaning(static=(file,))))

    def _follow(self, watcher: Watcher, path: str, before: tuple[int, ...]) -> None:
        """Watch what an instance imports, wherever it lies and whatever git ignores."""
        with contextlib.suppress(OSError):  # the system's limit is told when folders are watched
            watcher.follow(path, before)

    def _settled(self, saved: Saved | None) -> None:
        if saved is None:
            self._project.gate.open()
            return
        options = self._project.options
        env_file = str(options.env_file) if options.env_file else None
        public = self._project.public_folders()
        files = self._without_copies(saved.files)
        found = meaning(files, appeared=saved.appeared, env_file=env_file, public=public)
        if new := self._may_mean_functions_now(found):
            found = replace(found, structure=(*found.structure, *new))
        if found.environment or found.rules or found.structure or found.options:
            self._begin(self._reread(found))
        elif found.appeared:
            self._begin(self._republish(found))
        else:
            self._swap(found)
        if self._django is not None:
            self._django.changed(found)
        if found.dependencies:
            self._project.run(self._offer_to_install(found.dependencies), "dependencies")

    def _without_copies(self, files: Collection[str]) -> list[str]:
        """The changed files without the sources of packages that run as installed copies."""
        sources = self._copies.sources(files) if self._copies is not None else {}
        if self._copies is not None and sources:
            self._project.emit(self._copies.notice(sources))
        return [file for file in files if file not in sources]

    def _may_mean_functions_now(self, found: Meaning) -> tuple[str, ...]:
        """Saved files by which there may be other functions, or an app where there was none."""
        functions = self._project.project.functions
        saved = [one for one in found.code if one.endswith(".py")]
        if any(function.entrypoint.fault is not None for function in functions):
            return tuple(saved)  # what was no Python may be some now, and its app of another name
        if any(function.path is None for function in functions):
            return ()  # the app takes every path
        known = {function.entrypoint.file for function in functions}
        new = [one for one in saved if one not in known]
        manifests = found.appeared.intersection(("requirements.txt", "Pipfile"))
        return (*manifests, *(one for one in new if one.startswith("api/") or not known))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that takes a while with the gate closed, after what is being done."""
        self._work = tasks.start(self._do(work, self._work), "reload")

    async def _do(self, work: Coroutine[Any, Any, None], before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await asyncio.wait([before])
            await work
        except Exception as error:
            text = f"The change could not be taken over: {type(error).__name__}: {error}"
            hint = "Restart vercel-emu; please report this as an error of its own."
            self._project.emit(Notice(level="error", code="RELOAD_FAILED", message=text, hint=hint))
            logging.getLogger(__name__).exception(text)
        finally:
            work.close()
            self._project.gate.open()

    async def _finish(self) -> None:
        if self._work is not None:
            await _cancel(self._work)

    # Acting ------------------------------------------------------------------------------------

    def _swap(self, found: Meaning) -> None:
        """Only code or data changed, or nothing that a running function reads."""
        project = self._project
        if found.code:
            reasons = {
                pool: pool.depends_on(found.code, found.appeared) for pool in project.pools.values()
            }
            change = self._change(reasons.values())
            concerned = [pool for pool, reason in reasons.items() if reason]
            if any(pool.active for pool in concerned):
                project.emit(Reloading(files=change.files))
            for pool in concerned:
                pool.change(change)
            if not concerned and self._are_public(found.code):
                project.pages.changed()
        elif found.static:
            project.pages.changed()
        project.gate.open()

    def _change(self, reasons: Iterable[dict[str, str]]) -> Change:
        """The files that matter to any function, and why the first does."""
        found = {file: reason for one in reasons for file, reason in one.items()}
        files = tuple(sorted(found))
        return Change(files, self._seen_at, reason=found[files[0]] if files else "")

    def _are_public(self, files: tuple[str, ...]) -> bool:
        deployment, root = self._project.deployment, self._project.project.root
        return deployment is not None and any(deployment.files.holds(root / one) for one in files)

    async def _republish(self, found: Meaning) -> None:
        """Files came or went: some of them may be public."""
        deployment = self._project.deployment
        if deployment is not None:
            self._project.publish(await asyncio.to_thread(deployment.published_anew))
        self._swap(found)

    async def _reread(self, found: Meaning) -> None:
        """The project itself, its rules or its environment may have changed."""
        project = self._project
        files = tuple(sorted({*found.code, *found.environment, *found.rules, *found.options}))
        try:
            prepared = await asyncio.to_thread(self._prepared, found)
            deployment = await asyncio.to_thread(self._deployment, prepared)
        except EmuError as error:
            self._refuse(error)
            self._swap(found)
            return
        change = Change(files, self._seen_at)
        restarted = self._adopt(prepared, deployment, change, found)
        await self._find_django_files()
        if restarted:
            project.emit(Reloading(files=files))
        else:
            project.pages.changed()
            if found.rules:
                text = f"{', '.join(sorted(found.rules))}: taken over, nothing had to restart."
                project.emit(Notice(level="info", code="RULES", message=text))

    def _adopt(
        self, prepared: Prepared, deployment: Deployment, change: Change, found: Meaning
    ) -> bool:
        """Go on with the project as it is now; whether any function had to be restarted."""
        project = self._project
        project.prepared = prepared
        restarted = self._functions.adopt(project.environment(), change, found)
        project.publish(deployment)
        project.on_adopted()
        return restarted

    async def _find_django_files(self) -> None:
        """Those of a project whose settings could not be read until now."""
        project = self._project
        if self._django is not None or project.project.django is None:
            return
        from vercel_emu.emulator.django_static import DjangoPublisher

        self._django = DjangoPublisher(project)
        await self._django.start()
        if project.deployment is not None:
            publish = project.deployment.published_anew
            project.publish(await asyncio.to_thread(publish, self._django.mounts()))

    def _refuse(self, error: EmuError) -> None:
        self._project.emit(notice_of(error, "error"))

    def _prepared(self, found: Meaning) -> Prepared:
        before = self._project.prepared
        options = self._options(before.options) if found.options else before.options
        if not (found.rules or found.structure or found.options):
            root = before.project.root
            extra = (options.env_file,) if options.env_file else ()
            return replace(before, env_files=read_env_files(root, extra, environ=before.environ))
        root = before.project.link_root or before.project.root
        return prepare(root, options, before.interpreter, before.environ)

    def _deployment(self, prepared: Prepared) -> Deployment:
        mounts = self._project.deployment.mounts if self._project.deployment else ()
        return deploy(prepared.project, prepared.config, prepared.options, mounts)

    def _options(self, before: Options) -> Options:
        """The options as far as they can change while the emulator runs."""
        if self._read_options is None:
            return before
        now = self._read_options()
        changed = {
            name: getattr(now, name)
            for name in Options.__dataclass_fields__
            if getattr(now, name) != getattr(before, name)
        }
        if later := sorted(changed.keys() - _LIVE_OPTIONS):
            names = ", ".join(name.replace("_", "-") for name in later)
            self._project.emit(
                Notice(
                    level="warn",
                    code="USED_FROM_NEXT_START",
                    message=f"pyproject.toml: {names}: used from the next start on.",
                    where=Where("pyproject.toml", "[tool.vercel-emu]"),
                )
            )
        return replace(before, **{name: changed[name] for name in changed.keys() & _LIVE_OPTIONS})

    def _packages_changed(self) -> None:
        prepared = self._project.prepared
        site_packages = prepared.interpreter.site_packages
        self._copies = InstalledCopies(prepared.project.root.resolve(), site_packages)
        self._seen()
        self._begin(self._restart(("installed packages",)))

    async def _restart(self, files: tuple[str, ...]) -> None:
        project = self._project
        change = Change(files, self._seen_at)
        project.emit(Reloading(files=files))
        for pool in project.pools.values():
            pool.change(change, standby=False)

    async def _offer_to_install(self, files: tuple[str, ...]) -> None:
        """Say what the changed files ask for and the environment lacks."""
        from vercel_emu.project.python.dependencies import Action, plan_dependencies
        from vercel_emu.project.python.manifest import manifests_of

        project = self._project
        prepared = project.prepared
        manifests = manifests_of(prepared.project)
        try:
            plan = await asyncio.to_thread(
                plan_dependencies,
                prepared.project.root,
                manifests,
                prepared.interpreter,
                install=None,
            )
        except EmuError as error:
            if "pyproject.toml" not in files:  # which has been read, and refused, for its options
                self._refuse(error)
            return
        if plan.action is not Action.NOTHING:
            project.emit(
                Notice(
                    level="warn",
                    code="DEPENDENCIES_MISSING",
                    message=f"{', '.join(files)} changed. {plan.message}",
                    hint="Press i to install what is missing, or restart with --install.",
                )
            )

    def _root_came_or_went(self, there: bool) -> None:
        """The project's folder was renamed or removed, or is back (perhaps another one)."""
        project = self._project
        root = project.project.root
        if there:
            with contextlib.suppress(OSError):  # as at the start, which has said so
                prepare_folder(root)
            project.refuse_all(None)
            message = f"{root} is back: everything is read anew."
            project.emit(Notice(level="info", code="PROJECT_BACK", message=message))
            self._seen()
            self._begin(self._reread(Meaning(code=(_FOLDER,), structure=(_FOLDER,))))
            return
        message = f"The project's folder {root} is gone: it was renamed or removed."
        hint = "Requests are refused until it is back; or stop vercel-emu, and start it elsewhere."
        project.refuse_all(f"{message} {hint}")
        project.emit(Notice(level="error", code="PROJECT_GONE", message=message, hint=hint))

    def _not_followed(self, link: str, target: str) -> None:
        """More lies at a link out of the project than a reload could depend on."""
        root = self._project.project.root
        path = Path(link)
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else link
        leads = f"leads to {target}, out of the project,"
        if link == target:
            leads = "is named in [tool.uv.sources],"
        self._project.emit(
            Notice(
                level="warn",
                code="LINK_NOT_WATCHED",
                message=f"{name} {leads} and more lies there than is watched: a save there is not "
                "seen.",
                hint=f"Remove the link, leave it out with `--ignore {name}/`, or have what you "
                "edit there watched with `--watch PATH`.",
            )
        )

    def _limit_reached(self, error: OSError) -> None:
        self._project.emit(
            Notice(
                level="warn",
                code="WATCH_LIMIT",
                message=f"Watching by polling: {error.strerror}.",
                hint="Raise it with `sudo sysctl fs.inotify.max_user_watches=524288` "
                "(and max_user_instances), or leave folders out with --ignore.",
            )
        )


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
