"""What changed files mean: new code, a new environment, new rules, or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ENV = re.compile(r"\.env(\..+)?")
_DEPENDENCIES = re.compile(
    r"(.*/)?(uv\.lock|pylock\.toml|requirements[^/]*\.(txt|in)|requirements/[^/]*\.txt"
    r"|Pipfile(\.lock)?|\.python-version)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """Files by what they mean; a file may mean several things.

    `code` is everything a running function may have read. `structure` may change which functions
    there are. `appeared` are those of all kinds that were created or deleted.
    """

    code: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    structure: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    appeared: frozenset[str] = frozenset()


def meaning(
    files: Iterable[str],
    *,
    appeared: frozenset[str] = frozenset(),
    env_file: str | None = None,
    public: tuple[str, ...] = ("public/",),
) -> Meaning:
    """Sort changed files (relative, with slashes) by what they mean.

    `appeared` are those that were created or deleted. `env_file` is the file of `--env-file`.
    Nothing in the `public` folders is code.
    """
    kinds = Meaning.__dataclass_fields__.keys() - {"appeared"}
    sorted_: dict[str, list[str]] = {name: [] for name in kinds}
    for file in sorted(files):
        for kind in _kinds(file, file in appeared, env_file, public):
            sorted_[kind].append(file)
    found = {name: tuple(files) for name, files in sorted_.items()}
    return Meaning(**found, appeared=appeared)


def _kinds(
    file: str, appeared: bool, env_file: str | None, public: tuple[str, ...]
) -> tuple[str, ...]:
    name = file.rpartition("/")[2]
    if file == env_file or (_ENV.fullmatch(name) and "/" not in file):
        return ("environment",)
    if file in ("vercel.json", "vercel.toml"):
        return ("rules",)
    if file == "pyproject.toml":
        return ("options", "dependencies", "structure")
    if file == "package.json":
        return ("code", "structure")
    if file == ".vercelignore":
        return ("structure",)
    if name == "pyproject.toml":
        return ("code", "dependencies")
    if _DEPENDENCIES.fullmatch(file):
        return ("dependencies",)
    if file.startswith(public):
        return ("static",)
    if file == ".vercelignore":
        return ("structure",)
    if name in (".gitignore", ".vercelignore", ".gitattributes", ".editorconfig"):
        return ()
    if appeared and name.endswith(".py") and (file.startswith("api/") or "/" not in file):
        return ("code", "structure")
    return ("code",)
