"""Packages that came from a folder, an archive or a repository: installers note it (PEP 610).

Read at every start with watching: the standard library alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from vercel_emu.files.parsing import parse_json
from vercel_emu.files.reading import read_text


@dataclass(frozen=True, slots=True)
class Placed:
    """A package that was installed from a place, as `comparable` writes it.

    `folder` holds its sources, where they lie on this machine; `info` is its `.dist-info`.
    """

    url: str
    revisions: tuple[str, ...]
    editable: bool
    folder: Path | None
    info: Path

    @property
    def name(self) -> str:
        """As its folder of metadata writes it."""
        return self.info.name.partition("-")[0]


def placed_packages(sites: Iterable[Path]) -> Iterator[Placed]:
    """The packages in these folders whose installer noted where they came from."""
    for site in sites:
        for file in site.glob("*.dist-info/direct_url.json"):
            try:
                noted = parse_json(read_text(file))
                if isinstance(noted, dict) and isinstance(noted.get("url"), str):
                    yield _placed(noted, file.parent)
            except (OSError, ValueError):
                continue


def _placed(noted: Mapping[str, Any], info: Path) -> Placed:
    url, _ = comparable(noted["url"], info)
    repository, folder = noted.get("vcs_info"), noted.get("dir_info")
    names = ("requested_revision", "commit_id")
    if isinstance(repository, dict):
        # Written as in a requirement, so that both read the same.
        url, _ = comparable(f"git+{noted['url']}", info)
        revisions = tuple(str(repository[name]) for name in names if name in repository)
        return Placed(url, revisions, editable=False, folder=None, info=info)
    if not isinstance(folder, dict):
        return Placed(url, (), editable=False, folder=None, info=info)
    path = Path(unquote(urlsplit(url).path))  # a `file:` URL
    return Placed(url, (), editable=folder.get("editable") is True, folder=path, info=info)


def comparable(address: str, folder: Path) -> tuple[str, str | None]:
    """An address or a path as text that is the same for the same place, and the revision in it.

    Raises:
        ValueError: it is no address.
    """
    address = address.partition("#")[0]
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://|file:", address):
        address = re.sub(r"\[[^\]]*\]$", "", address)
        return (folder / address).resolve().as_uri(), None
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(unquote(re.sub(r"\[[^\]]*\]$", "", parts.path))).resolve().as_uri(), None
    system, plus, scheme = parts.scheme.partition("+")
    path, revision = parts.path, None
    if plus:
        path, _, revision = path.partition("@")
    host = parts.netloc.rpartition("@")[2].lower()
    path = unquote(path).rstrip("/").removesuffix(".git")
    if plus and scheme == "file":
        path = str(Path(path).resolve())
    return f"{scheme if plus else system}://{host}{path}", revision or None
