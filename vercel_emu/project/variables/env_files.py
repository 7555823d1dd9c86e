"""Read `.env`, then `.env.local`, then `--env-file`: names and values with their file and line.

The same files are read whatever `--env` says: production and preview values live on the platform,
and a project that keeps them in a file names it with `--env-file`. What python-dotenv would skip
silently (a line it can't parse, a name without a value) is reported here instead.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vercel_emu.errors import EmuError, ProjectWarning, Where

DEFAULT_NAMES = (".env", ".env.local")

# Names that can't be set on the platform either (vercel.com/docs/environment-variables).
RESERVED_NAMES = frozenset(
    {
        "AWS_SECRET_KEY",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "NOW_REGION",
        "TZ",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    }
)

_VALID_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


@dataclass(frozen=True, slots=True)
class EnvEntry:
    """One assignment, and where it stands."""

    name: str
    value: str
    file: str
    line: int

    @property
    def where(self) -> Where:
        return Where(self.file, self.name, self.line)


@dataclass(frozen=True, slots=True)
class EnvFiles:
    """The assignments that count, the last of each name, and what was wrong with the others."""

    entries: tuple[EnvEntry, ...] = ()
    warnings: tuple[ProjectWarning, ...] = ()


def read_env_files(
    root: Path,
    extra: Sequence[Path] = (),
    *,
    environ: Mapping[str, str] | None = None,
    link_root: Path | None = None,
) -> EnvFiles:
    """The project's files, and `extra` after them: a later file wins over an earlier one.

    `environ` is the shell's environment, which `${NAME}` in a value may refer to. `link_root` is
    the folder above a root directory, whose files (`vercel env pull` writes them there) come
    before the project's own.
    """
    folders = [root] if link_root in {None, root} else [link_root or root, root]
    texts = [
        (_shown(folder / name, folders[0]), _read(folder / name))
        for folder in folders
        for name in DEFAULT_NAMES
        if (folder / name).is_file()
    ]
    for path in extra:
        if not path.exists() or path.is_dir():
            raise EmuError(
                "ENV_FILE_NOT_FOUND",
                f"--env-file {path} {'is a folder' if path.is_dir() else 'does not exist'}.",
                "Give the path of a file with NAME=value lines.",
                where=Where(str(path)),
            )
        texts.append((str(path), _read(path)))
    return parse_env_files(texts, environ=environ)


def parse_env_files(
    texts: Iterable[tuple[str, str]], *, environ: Mapping[str, str] | None = None
) -> EnvFiles:
    """The pure part: (file name, text) pairs in, entries and warnings out."""
    entries: dict[str, EnvEntry] = {}
    warnings: list[ProjectWarning] = []
    for file, text in texts:
        _parse_one(file, text, entries, warnings, environ or {})
    return EnvFiles(tuple(entries.values()), tuple(warnings))


def _parse_one(
    file: str,
    text: str,
    entries: dict[str, EnvEntry],
    warnings: list[ProjectWarning],
    environ: Mapping[str, str],
) -> None:
    from dotenv.parser import parse_stream  # only projects with such a file pay for the import

    for binding in parse_stream(io.StringIO(text)):
        raw = binding.original.string
        blank = raw[: len(raw) - len(raw.lstrip())]
        line = binding.original.line + blank.count("\n")
        if binding.error:
            # The line may hold a secret, so it is not repeated.
            text = f"{file}:{line}: can't be read as NAME=value; the line is ignored."
            warnings.append(ProjectWarning("IGNORED_LINE", text, where=Where(file, line=line)))
        elif binding.key is not None:
            problem = _problem(binding.key, binding.value)
            if problem is None and binding.value is not None:
                known = {**{e.name: e.value for e in entries.values()}, **environ}
                value = _expand(binding.value, known)
                entries.pop(binding.key, None)
                entries[binding.key] = EnvEntry(binding.key, value, file, line)
            else:
                reserved = binding.key in RESERVED_NAMES
                warnings.append(
                    ProjectWarning(
                        "RESERVED_VARIABLE" if reserved else "IGNORED_LINE",
                        f"{file}:{line}: {problem}; it is ignored.",
                        "Choose another name." if reserved else None,
                        Where(file, binding.key, line),
                    )
                )


def _problem(name: str, value: str | None) -> str | None:
    if not _VALID_NAME.fullmatch(name):
        return f'"{name}" is no valid name (letters, digits and _, no digit first)'
    if name in RESERVED_NAMES:
        return f"{name} is reserved by the platform and can't be set"
    if value is None:
        return f"{name} has no value (an empty one is written {name}=)"
    if "\0" in value:
        return f"the value of {name} holds a NUL character"
    return None


def _expand(value: str, known: Mapping[str, str]) -> str:
    """`${NAME}` and `${NAME:-default}` as python-dotenv resolves them; the shell's value first."""
    if "${" not in value:
        return value
    from dotenv.variables import parse_variables

    return "".join(atom.resolve(known) for atom in parse_variables(value))


def _shown(file: Path, top: Path) -> str:
    return file.relative_to(top).as_posix() if file.is_relative_to(top) else str(file)


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise EmuError(
            "ENV_FILE_INVALID",
            f"{file.name}:{line}: not UTF-8 (byte 0x{error.object[error.start]:02x}).",
            "Save the file as UTF-8.",
            where=Where(file.name, line=line),
        ) from None
    except OSError as error:
        raise EmuError(
            "ENV_FILE_UNREADABLE",
            f"{file} could not be read: {error.strerror}.",
            "Check its permissions.",
            where=Where(file.name),
        ) from None
