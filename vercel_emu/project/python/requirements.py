"""Requirements files, as far as one needs to know which packages an app declares.

Installing them is the installer's business, which gets the file itself; so options, hashes and
index addresses are only stepped over. A line that names a place and no package (`-e .`, an archive,
a repository) is kept as that place: an installer notes where each package came from.
"""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from vercel_emu.errors import ProjectWarning, Where
from vercel_emu.files.reading import read_bytes
from vercel_emu.project.pyproject import load_toml
from vercel_emu.project.python.placed import comparable

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Location:
    """A requirement that is a place: `text` as it is written, `url` as `comparable` makes it.

    `revision` is the branch, tag or commit of a repository where the line names one.
    """

    text: str
    url: str
    revision: str | None = None
    marker: Marker | None = None


@dataclass(slots=True)
class Declared:
    """What a project needs, and what in its files could not be understood.

    `files` are all that were read for it.
    """

    requirements: list[Requirement] = field(default_factory=list)
    locations: list[Location] = field(default_factory=list)
    constraints: dict[str, SpecifierSet] = field(default_factory=dict)
    problems: list[ProjectWarning] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)

    def add(self, text: str, where: Where) -> None:
        try:
            self.requirements.append(Requirement(text))
        except InvalidRequirement as error:
            reason = str(error).splitlines()[0]
            self.refuse(where, f"`{text}` is not a valid requirement: {reason}")

    def add_all(self, other: Declared) -> None:
        """Add what another manifest declares; its constraints join these."""
        self.requirements += other.requirements
        self.locations += other.locations
        self.problems += other.problems
        self.files |= other.files
        for name, specifier in other.constraints.items():
            self.constrain(name, specifier)

    def constrain(self, name: str, specifier: SpecifierSet) -> None:
        """Allow only these versions, where the package is asked for at all."""
        key = canonicalize_name(name)
        self.constraints[key] = self.constraints.get(key, SpecifierSet()) & specifier

    def refuse(self, where: Where, what: str, fix: str = "Correct the line") -> None:
        """Note what an installer would not understand."""
        at = f"{where.file}, {where.key}" if where.key else str(where)
        hint = f"{fix}: the deployment's installation stops at it."
        self.problems.append(ProjectWarning("REQUIREMENT_INVALID", f"{at}: {what}", hint, where))


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str


def read_into(declared: Declared, file: Path, root: Path) -> None:
    """Add everything the file declares, through its `-r` and `-c` lines."""
    _read(file, root, declared, constraint=False, seen=set())


def _read(file: Path, root: Path, declared: Declared, *, constraint: bool, seen: set[Path]) -> None:
    if file.resolve() in seen:
        return
    seen.add(file.resolve())
    declared.files.add(file)
    name = relative(file, root)
    try:
        data = read_bytes(file)
        lines = list(_logical_lines(_decode(data)))
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        declared.refuse(Where(name), f"could not be read: {reason}")
        return
    if data.startswith(_UTF_16):
        what = "it is UTF-16, as PowerShell's `>` writes it, and a deployment reads UTF-8"
        declared.refuse(Where(name, line=1), what, "Save the file as UTF-8")
    for line in lines:
        where = Where(name, line=line.number)
        included = re.match(r"(-r|--requirement|-c|--constraint)[ =]*(.+)", line.text)
        if included is None:
            _read_line(line.text, where, file.parent, declared, constraint=constraint)
        elif "://" not in included[2]:
            target = file.parent / included[2].strip().strip("\"'")
            if target.is_file():
                is_constraint = constraint or included[1] in ("-c", "--constraint")
                _read(target, root, declared, constraint=is_constraint, seen=seen)
            else:
                declared.refuse(where, f"there is no file `{included[2].strip()}`")


def _read_line(
    text: str, where: Where, folder: Path, declared: Declared, *, constraint: bool
) -> None:
    editable = re.match(r"(-e|--editable)[ =]*(.+)", text)
    if text.startswith("-") and editable is None:
        return  # an option: an index, hashes for all, pre-releases
    text = re.split(r"\s--(?:hash|config-settings|global-option)\b", text)[0].strip()
    place = editable[2].strip() if editable else text
    if editable or _is_location(place):
        if constraint:
            return
        name = _name_of_location(place, folder, declared)
        if name is None:
            _add_location(text, place, where, folder, declared)
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
        declared.constrain(requirement.name, requirement.specifier)


def _is_location(text: str) -> bool:
    """A path or an address in place of a name (`name @ address` is a requirement)."""
    if re.match(r"[A-Za-z0-9._-]+\s*(\[[^\]]*\])?\s*@", text):
        return False
    path = text.partition(";")[0]
    return "://" in path or path.startswith(".") or "/" in path or path.endswith((".whl", ".gz"))


def _add_location(text: str, place: str, where: Where, folder: Path, declared: Declared) -> None:
    address, _, condition = place.partition(" ;")
    try:
        marker = Marker(condition.strip()) if condition.strip() else None
        url, revision = comparable(_expanded(address.strip()), folder)
    except ValueError as error:  # an InvalidMarker is one, too
        declared.refuse(where, f"`{text}` is not a valid requirement: {error}")
        return
    declared.locations.append(Location(text.partition(" ;")[0].strip(), url, revision, marker))


def _expanded(address: str) -> str:
    """With the environment variables that pip puts in for `${NAME}`."""
    return re.sub(r"\$\{([A-Z0-9_]+)\}", lambda found: os.environ.get(found[1], found[0]), address)


def _name_of_location(text: str, folder: Path, declared: Declared) -> str | None:
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
        place = folder / re.sub(r"\[[^\]]*\]$", "", unquote(address.path))
        name = _name_of_folder(place, declared)
    return f"{name} ; {marker}" if name and marker else name


def _name_of_wheel(filename: str) -> str | None:
    try:
        return str(parse_wheel_filename(filename)[0])
    except InvalidWheelFilename:
        return None


def _name_of_folder(folder: Path, declared: Declared) -> str | None:
    file = folder / "pyproject.toml"
    project: Any = load_toml(file).get("project")
    name = project.get("name") if isinstance(project, dict) else None
    if not isinstance(name, str):
        return None
    declared.files.add(file)
    return name


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
    if data.startswith(_UTF_16):
        return data.decode("utf-16")
    return data.decode("utf-8-sig")


def relative(file: Path, root: Path) -> str:
    """The file as a person is told of it."""
    try:
        return file.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return str(file)
