"""What would be deployed, as frozen values. No raw dict travels past `project/`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path

from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.guest.analysis.facts import Fault
from vercel_emu.platform.limits import DEFAULT_MAX_DURATION, DEFAULT_MEMORY_MB


class Unset(Enum):
    """`framework` in vercel.json has three states: a name, `null` ("Other"), and not there."""

    UNSET = "unset"


UNSET = Unset.UNSET

FOUND_BY_API, FOUND_BY_BUILDS, FOUND_BY_OPTION = "api/", "builds in vercel.json", "--app"
"""Values of `Entrypoint.found_by` for files that are named, by their place or by a person."""


@dataclass(frozen=True, slots=True)
class Entrypoint:
    """Where the user's app is: `file` relative to the project root (posix), dotted `module`.

    `base_dir` is the folder, relative to the root, that the app's own imports start from. It is
    the root itself (`""`), except for a Django project whose manage.py lies in a subfolder.
    """

    file: str
    module: str
    variable: str
    found_by: str = ""
    base_dir: str = ""
    fault: Fault | None = None
    """Why the file is no Python: then `variable` is what its text evidently means to export."""

    @property
    def is_handler(self) -> bool:
        """Whether it is a request handler class: then user code itself writes the responses."""
        return self.variable.lower() == "handler"


@dataclass(frozen=True)
class FunctionPath:
    """Which URL paths a file in `api/` answers; a `[name]` segment captures one path segment."""

    regex: str
    parameters: tuple[str, ...] = ()

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.regex)

    @property
    def is_dynamic(self) -> bool:
        return bool(self.parameters)

    def match(self, path: str) -> dict[str, str] | None:
        """The captured parameters if `path` is this function's, else None."""
        found = self._compiled.fullmatch(path)
        if found is None:
            return None
        return dict(zip(self.parameters, found.groups(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """One value of `functions` in vercel.json; None means the platform's default.

    `include_files` and `exclude_files` are globs over the files of the function's bundle.
    """

    max_duration: int | None = None
    memory_mb: int | None = None
    regions: tuple[str, ...] = ()
    include_files: tuple[str, ...] = ()
    exclude_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One deployed function. A framework app is the single function `name == "app"`;
    a file in `api/` is named by its path without suffix (`api/users/[id]`).

    `path` is None for an app: it answers every path that nothing before it took.
    """

    name: str
    entrypoint: Entrypoint
    max_duration: int = DEFAULT_MAX_DURATION
    memory_mb: int = DEFAULT_MEMORY_MB
    path: FunctionPath | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoSettings:
    """The part of a Django project's settings that a deployment acts on.

    `base_dir` is manage.py's folder relative to the project root. `static_root` is absolute.
    `executed` tells whether the settings were run or read from their source.
    """

    base_dir: str
    settings_module: str
    asgi_application: str | None = None
    wsgi_application: str | None = None
    static_url: str | None = None
    static_root: str | None = None
    executed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontend:
    """A build whose output is published; the sources beside it are not.

    `command` makes `output` (a folder relative to the root); it is None where nothing says how.
    `is_single_page`: paths without a file of their own are answered with `/index.html`.
    """

    framework: str | None
    command: str | None
    output: str
    is_served_by_itself: bool = False
    """The framework answers requests with a server of its own (Next.js, Nuxt, Remix...)."""
    is_single_page: bool = False
    is_in_subfolder: bool = False
    """The output is the one folder inside of `output`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEmulated:
    """A part of the deployment that requests may be meant for, and that is missing here.

    `part` names it ("rewrites of next.config.js"), `what` is a sentence about it, and `instead`
    one that says what works today, with `commands` to type in the project's folder.
    """

    part: str
    what: str
    instead: str
    where: Where
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder as a deployment would see it.

    `root` is the folder that is deployed. `link_root` is the folder that `.vercel/` and the
    command were in; the two differ where project settings name a root directory.
    """

    root: Path
    name: str
    framework: str | None = None
    functions: tuple[Function, ...] = ()
    project_id: str | None = None
    org_id: str | None = None
    link_root: Path | None = None
    django: DjangoSettings | None = None
    frontend: Frontend | None = None
    not_emulated: tuple[NotEmulated, ...] = ()
    warnings: tuple[ProjectWarning, ...] = field(default=())
