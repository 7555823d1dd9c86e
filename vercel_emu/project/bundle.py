"""Which files of the project a function's bundle does not hold, as rules for `guest/file_system/`.

A deployment loses files twice. What `.vercelignore` names is never there, nor is it for a build
that git triggers (`vercel` 64, `getVercelIgnore`; the log says "Removed 5 ignored files"). Of what
is there the builder of Python functions packs everything but a list of its own and `excludeFiles`,
and then adds `includeFiles` (`@vercel/python` 25, `packFunctionBundle`).

Only what is certain becomes a rule. Folders of tools (`.venv`, `__pycache__`, `.vercel`) are left
alone: what is read there is not what a deployment would read.
"""

from __future__ import annotations

from pathlib import Path

from vercel_emu.files.reading import read_text
from vercel_emu.guest.file_system.left_out import Rules
from vercel_emu.project.detection import globs
from vercel_emu.project.detection.builds import python_sources
from vercel_emu.project.detection.entrypoint import CANDIDATE_DIRS
from vercel_emu.project.model import Function, FunctionSettings, Project
from vercel_emu.project.vercel_json.model import VercelConfig

_IGNORE_FILES = (".vercelignore", ".nowignore")
_NEVER_PACKED = ("**/node_modules/**", "**/.next/**", "**/.nuxt/**", ".git/**")
_LOCKS = ("**/package-lock.json", "**/yarn.lock", "**/pnpm-lock.yaml")
_PUBLIC = "**/public/**"
_DJANGO_MANIFEST = "**/staticfiles.json"
_EVERYTHING = "(?s:.)*"


def left_out(project: Project, config: VercelConfig, function: Function) -> list[Rules]:
    """The rules for a function; none where its bundle holds whatever it may ask for."""
    settings = _settings(config, function)
    upload = not_uploaded(project)
    if not (upload or settings.exclude_files or _has_public_folder(project.root)):
        return []
    return [*upload, _not_packed(project, config, settings)]


def not_uploaded(project: Project) -> list[Rules]:
    """What `.vercelignore` says, in the folder that is deployed or, above it, that is linked."""
    top = project.link_root or project.root
    found = []
    for folder in dict.fromkeys((project.root, top)):
        prefix = "" if folder == project.root else project.root.relative_to(top).as_posix() + "/"
        name = next((one for one in _IGNORE_FILES if (folder / one).is_file()), None)
        if name is not None and (rules := ignore_rules(folder / name, name, prefix)):
            found.append(rules)
    return found


def ignore_rules(file: Path, name: str, prefix: str = "") -> Rules | None:
    """The patterns of a file in the format of `.gitignore`; None where there are none."""
    try:
        lines = read_text(file, errors="replace").splitlines()
    except OSError:
        return None
    # Late: few projects have such a file.
    from pathspec import GitIgnoreSpec

    patterns: list[tuple[str, bool, str]] = []
    for number, line in enumerate(lines, 1):
        try:
            parsed = GitIgnoreSpec.from_lines([line.removeprefix("./")]).patterns
        except ValueError:
            continue
        for one in parsed:
            if one.include is not None and one.regex is not None:
                why = f"{name}:{number} (`{line.strip()}`) leaves it out of every deployment."
                patterns.append((one.regex.pattern, one.include, why))
    return Rules(prefix=prefix, folders=True, patterns=patterns) if patterns else None


def _settings(config: VercelConfig, function: Function) -> FunctionSettings:
    """The globs of the function: `functions` and `builds` are never both there."""
    file = function.entrypoint.file
    for glob, settings in config.function_settings.items():
        if globs.matches(glob, file):
            return settings
    for build in config.builds:
        if any(globs.matches(source, file) for source in python_sources([build])):
            return FunctionSettings(
                include_files=build.include_files, exclude_files=build.exclude_files
            )
    return FunctionSettings()


def _not_packed(project: Project, config: VercelConfig, settings: FunctionSettings) -> Rules:
    patterns = [(glob, True, _why_never(glob)) for glob in (*_NEVER_PACKED, *_LOCKS)]
    patterns.append((_PUBLIC, True, _why_public(config)))
    for glob in settings.exclude_files:
        why = f"`excludeFiles` (`{glob}`) in {config.file_name} leaves it out of the function."
        patterns.append((glob, True, why))
    included = [*settings.include_files]
    if project.django is not None:
        included.append(_DJANGO_MANIFEST)
    found = [
        (regex, out, why)
        for glob, out, why in patterns
        if (regex := globs.bundle_regex(glob)) is not None
    ]
    # Of a glob that isn't clear anything may be meant.
    found += [(globs.bundle_regex(glob) or _EVERYTHING, False, "") for glob in included]
    return Rules(prefix="", folders=False, patterns=found)


def _why_never(glob: str) -> str:
    return f"No function's bundle has it: the builder leaves out `{glob}`."


def _why_public(config: VercelConfig) -> str:
    place = "its `config` in `builds`" if config.builds else "`functions`"
    return (
        "No function's bundle has what is in a folder named public, which is for visitors. Move "
        f"it, or name it as `includeFiles` of {place} in {config.file_name or 'vercel.json'}."
    )


def _has_public_folder(root: Path) -> bool:
    """At the places where apps are; a look everywhere would cost a start too much."""
    return any((root / folder / "public").is_dir() for folder in CANDIDATE_DIRS)
