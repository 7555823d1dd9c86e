"""Django's static files as a deployment would publish them, without `collectstatic` by hand.

Only Django itself knows its folders, and loading it takes most of a second. So what was found is
remembered in `.vercel/emu/`, and looked at again beside the running app: after a start, and after
changes that may matter. A start waits for it only where there is nothing remembered and the app may
need a manifest that only `collectstatic` makes.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from vercel_emu import guest
from vercel_emu.deployment.public_files import Mount
from vercel_emu.emu_folder import write_whole
from vercel_emu.emulator.project import RunningProject
from vercel_emu.events import Notice
from vercel_emu.files.reading import LOCK_BYTES, read_bytes
from vercel_emu.instance.instance import CannotStart, Change
from vercel_emu.project.model import DjangoSettings, Project
from vercel_emu.watching.meaning import Meaning

_SCRIPT = guest.FOLDER / "scripts" / "django_static.py"
_PATIENCE = 120.0
_LAST_FOUND = "django-static.json"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the script says. `publishes`: a deployment would serve these files at all."""

    url: str | None = None
    publishes: bool = True
    folders: list[tuple[str, str]] = []
    collected: str | None = None
    manifest: str | None = None
    manifest_is_new: bool = False

    def mounts(self) -> tuple[Mount, ...]:
        """Where the files are. Sources come first: they are never out of date."""
        if not self.url or not self.url.startswith("/"):
            return ()  # on a server of its own
        prefix = f"/{self.url.strip('/')}/".replace("//", "/")
        sources = [
            Mount(Path(folder), f"{prefix}{name.strip('/')}/" if name else prefix, before_app=True)
            for name, folder in self.folders
        ]
        made = [Mount(Path(self.collected), prefix, before_app=True)] if self.collected else []
        return (*sources, *made)

    def has(self, file: Path) -> bool:
        """Whether a file lies in one of the source folders."""
        return any(file.is_relative_to(folder) for _, folder in self.folders)


def remembered_mounts(project: Project) -> tuple[Mount, ...]:
    """The folders that an emulator of this project found the last time."""
    if project.django is None:
        return ()
    found = _remembered(project.root / ".vercel" / "emu" / _LAST_FOUND)
    return found.mounts() if found is not None else ()


class DjangoStatic:
    """Asks one project's Django for its static files."""

    def __init__(self, project: Project, interpreter: Path, folder: Path) -> None:
        self._project = project
        self._interpreter = interpreter
        self._target = folder / "django-static"
        self._last_found = folder / _LAST_FOUND
        self.found = _remembered(self._last_found)

    @property
    def _django(self) -> DjangoSettings:
        assert self._project.django is not None
        return self._project.django

    @property
    def url(self) -> str:
        """The path that the settings name for static files; empty for another server's."""
        url = self._django.static_url or ""
        return "" if "://" in url or url.startswith("//") else f"/{url.strip('/')}/"

    @property
    def must_come_first(self) -> bool:
        """Whether the app may need what is not there before it is looked for."""
        return self.found is None and self._django.static_root is not None

    def mounts(self) -> tuple[Mount, ...]:
        """The public folders, as far as they are known."""
        return self.found.mounts() if self.found is not None else ()

    def concern(self, files: Iterable[str], appeared: Collection[str]) -> bool:
        """Whether these changed files (relative) may change which static files there are."""
        found = self.found or Found()
        module = self._django.settings_module.replace(".", "/")
        settings = f"{self._django.base_dir}/{module}".lstrip("/")
        for file in files:
            if file.startswith((f"{settings}.", f"{settings.rpartition('/')[0]}/settings")):
                return True
            is_known = found.has(self._project.root / file)
            if found.collected is not None if is_known else file in appeared and "static/" in file:
                return True
        return False

    async def look(self, environment: Mapping[str, str]) -> Notice | None:
        """Ask Django; what a person should know, where there is something."""
        output, errors = await self._run(environment)
        try:
            found = msgspec.json.decode(output, type=Found)
        except msgspec.DecodeError:
            return _failed(errors)
        unpublished = not found.publishes and found.url is not None
        is_news = unpublished and (self.found is None or self.found.publishes)
        self.found = found
        with contextlib.suppress(OSError):
            write_whole(self._last_found, msgspec.json.encode(found))
        return _unpublished(found.url or "") if is_news else None

    async def _run(self, environment: Mapping[str, str]) -> tuple[bytes, str]:
        folder = self._project.root / self._django.base_dir
        arguments = (str(folder), self._django.settings_module, str(self._target))
        process = await asyncio.create_subprocess_exec(
            *(str(self._interpreter), "-P", "-B", str(_SCRIPT), *arguments),
            env=dict(environment),
            cwd=folder,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                output, errors = await process.communicate()
            return output, errors.decode("utf-8", "replace")
        except TimeoutError:
            return b"", f"It did not end within {_PATIENCE:g} s."
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGKILL)
                await process.wait()


class DjangoPublisher:
    """Keeps a running project's Django files published."""

    def __init__(self, project: RunningProject) -> None:
        self._project = project
        self._static: DjangoStatic | None = None
        self._busy = asyncio.Lock()
        self._known = asyncio.Event()

    def mounts(self) -> tuple[Mount, ...]:
        """The public folders, as far as they are known."""
        return self._static.mounts() if self._static is not None else ()

    async def start(self) -> None:
        """Look for the files: at once where the app can't do without, else once it runs."""
        prepared = self._project.prepared
        if prepared.project.django is None:
            return
        folder = self._project.emu_folder.path
        self._static = DjangoStatic(prepared.project, prepared.interpreter.path, folder)
        if self._static.must_come_first:
            await self._look(self._static)
            self._known.set()
        else:
            if self._static.found is not None:
                self._known.set()
            self._project.run(self._look_later(self._static), "Django's files")

    def before(self, app: ASGIApp) -> ASGIApp:
        """`app`; requests for static files wait until it is known for the first time where those
        are: else the first page would come without them.
        """
        static = self._static
        url = static.url if static is not None else ""
        if not url or self._known.is_set():
            return app

        async def wait_for_files(scope: Scope, receive: Receive, send: Send) -> None:
            if not self._known.is_set() and scope["path"].startswith(url):
                await self._known.wait()
            await app(scope, receive, send)

        return wait_for_files

    def changed(self, found: Meaning) -> None:
        """Files were saved."""
        files = (*found.code, *found.static)
        if self._static is not None and self._static.concern(files, found.appeared):
            self._project.run(self._publish(self._static), "Django's files")

    async def _look_later(self, static: DjangoStatic) -> None:
        for pool in self._project.pools.values():
            with contextlib.suppress(CannotStart):
                await pool.acquire()
        try:
            await self._publish(static)
        finally:
            self._known.set()

    async def _publish(self, static: DjangoStatic) -> None:
        project = self._project
        before = static.found
        await self._look(static)
        changed = static.found != before or (static.found and static.found.collected)
        if project.deployment is not None and changed:
            publish = project.deployment.published_anew
            project.publish(await asyncio.to_thread(publish, static.mounts()))
        if static.found is not None and static.found.manifest_is_new:
            # The app has read the one before: what it would be in a deployment is a new one.
            for pool in project.pools.values():
                pool.change(Change(("static files",)))
            project.pages.changed()

    async def _look(self, static: DjangoStatic) -> None:
        async with self._busy:
            notice = await static.look(self._project.variables())
        if notice is not None:
            self._project.emit(notice)


def _remembered(file: Path) -> Found | None:
    try:
        found = msgspec.json.decode(read_bytes(file, LOCK_BYTES), type=Found)
    except (OSError, msgspec.DecodeError, RecursionError):
        return None
    made = (found.collected, found.manifest)
    return found if all(one is None or Path(one).exists() for one in made) else None


def _failed(errors: str) -> Notice:
    reason = errors.strip().rpartition("\n")[2]  # where a traceback says what is wrong
    return Notice(
        level="warn",
        code="DJANGO_STATIC_FAILED",
        message=f"Django's static files could not be found: {reason}",
        hint="A deployment's build runs `python manage.py collectstatic --noinput`; so can you.",
    )


def _unpublished(url: str) -> Notice:
    return Notice(
        level="warn",
        code="DJANGO_STATIC_UNPUBLISHED",
        message=f"Files below {url} are served here from their source folders, but a deployment "
        "publishes them only where STATIC_ROOT is set.",
        hint='Add STATIC_ROOT = BASE_DIR / "staticfiles" to the settings.',
    )
