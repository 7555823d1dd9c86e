"""Requirements files, as far as one needs to know which packages an app declares.

Installing them is the installer's business, which gets the file itself; so options, hashes and
index addresses are only stepped over, and what can't be checked by name is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.project.pyproject import load_toml


@dataclass(slots=True)
class Declared:
    """What a project needs, and what in its files could not be understood."""

    requirements: list[Requirement] = field(default_factory=list)
    constraints: dict[str, SpecifierSet] = field(default_factory=dict)
    problems: list[ProjectWarning] = field(default_factory=list)

    def add(self, text: str, where: Where) -> None:
        try:
            self.requirements.append(Requirement(text))
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            self.refuse(where, f"`{text}` is not a valid requirement: {reason}")

    def refuse(self, where: Where, what: str) -> None:
        """Note what an installer would not understand."""
        at = f"{where.file}, {where.key}" if where.key else str(where)
        hint = "Correct the line: the deployment's installation stops at it."
        self.problems.append(ProjectWarning("REQUIREMENT_INVALID", f"{at}: {what}", hint, where))


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


def read_requirements(file: Path, root: Path) -> Declared:
    """Everything the file declares, through its `-r` and `-c` lines."""
    declared = Declared()
    _read(file, root, declared, constraint=False, seen=set())
    return declared


def _read(file: Path, root: Path, declared: Declared, *, constraint: bool, seen: set[Path]) -> None:
    if file.resolve() in seen:
        return
    seen.add(file.resolve())
    name = _relative(file, root)
    try:
        lines = list(_logical_lines(_decode(file.read_bytes())))
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        declared.refuse(Where(name), f"could not be read: {reason}")
        return
    for line in lines:
        where = Where(name, line=line.number)
        included = re.match(r"(-r|--requirement|-c|--constraint)[ =]*(.+)", line.text)
        if included is None:
            _read_line(line.text, where, file.parent, root, declared, constraint=constraint)
        elif "://" not in included[2]:
            target = file.parent / included[2].strip().strip("\"'")
            if target.is_file():
                is_constraint = constraint or included[1] in ("-c", "--constraint")
                _read(target, root, declared, constraint=is_constraint, seen=seen)
            else:
                declared.refuse(where, f"there is no file `{included[2].strip()}`")


def _read_line(
    text: str, where: Where, folder: Path, root: Path, declared: Declared, *, constraint: bool
) -> None:
    editable = re.match(r"(-e|--editable)[ =]*(.+)", text)
    if text.startswith("-") and editable is None:
        return  # an option: an index, hashes for all, pre-releases
    text = re.split(r"\s--(?:hash|config-settings|global-option)\b", text)[0].strip()
    text = editable[2].strip() if editable else text
    if editable or _is_location(text):
        name = _name_of_location(text, folder, root)
        if name is None or constraint:
            return
        text = name
    if not constraint:
        declared.add(text, where)
        return
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        declared.refuse(where, f"`{text}` is not a valid constraint")
        return
    if requirement.marker is None or requirement.marker.evaluate():
        key = canonicalize_name(requirement.name)
        declared.constraints[key] = declared.constraints.get(key, SpecifierSet()) & (
            requirement.specifier
        )


def _is_location(text: str) -> bool:
    """A path or an address in place of a name (`name @ address` is a requirement)."""
    if re.match(r"[A-Za-z0-9._-]+\s*(\[[^\]]*\])?\s*@", text):
        return False
    path = text.partition(";")[0]
    return "://" in path or path.startswith(".") or "/" in path or path.endswith((".whl", ".gz"))


def _name_of_location(text: str, folder: Path, root: Path) -> str | None:
    """The package's name where the address or the folder tells it, else None."""
    text, _, marker = text.partition(" ;")
    address = urlsplit(text.strip())
    name: str | None = None
    egg = re.search(r"(?:^|&)egg=([A-Za-z0-9._-]+)", address.fragment)
    if egg:
        name = egg[1]
    elif address.path.endswith(".whl"):
        name = _name_of_wheel(unquote(address.path.rpartition("/")[2]))
    elif not address.scheme or address.scheme == "file":
        name = _name_of_folder(folder / re.sub(r"\[[^\]]*\]$", "", unquote(address.path)), root)
    return f"{name} ; {marker}" if name and marker else name


def _name_of_wheel(filename: str) -> str | None:
    try:
        return str(parse_wheel_filename(filename)[0])
    except InvalidWheelFilename:
        return None


def _name_of_folder(folder: Path, root: Path) -> str | None:
    """None for the project itself too: running it does not need it installed."""
    if folder.resolve() == root.resolve():
        return None
    project: Any = load_toml(folder / "pyproject.toml").get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) else None


def _logical_lines(text: str) -> Iterator[_Line]:
    """Lines without comments, continuations joined, numbered by where they begin."""
    pending, start = "", 0
    for number, raw in enumerate([*text.splitlines(), ""], start=1):
        start = start if pending else number
        stripped = re.sub(r"(^|\s+)#.*$", "", raw)
        if stripped.rstrip().endswith("\\"):
            pending += stripped.rstrip()[:-1] + " "
            continue
        line, pending = (pending + stripped).strip(), ""
        if line:
            yield _Line(start, line)


def _decode(data: bytes) -> str:
    """UTF-8, or the UTF-16 that a PowerShell `pip freeze > requirements.txt` writes."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")


def _relative(file: Path, root: Path) -> str:
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return str(file)
