"""Whose items: the scope of a project in its cache.

A linked project has the platform's id. In a cache of its own (a file, memory) the name of any other
is enough. On a server, where projects meet, its git remote and folder identify it, else a name
that is kept in `.vercel/emu/`.
"""

from __future__ import annotations

import hashlib
import os
import secrets

from vercel_emu.emu_folder import EMU_DIR, write_whole
from vercel_emu.files.reading import read_text
from vercel_emu.options import Options
from vercel_emu.project.model import Project
from vercel_emu.project.variables.git import read_repository
from vercel_emu.runtime_cache.model import Scope

_FILE = "cache-identity"
_LONGEST = 1024


def is_shared(spec: str) -> bool:
    """Whether `--cache` names a server, which other projects may use as well."""
    return "://" in spec


def cache_scope(project: Project, options: Options) -> Scope:
    """The scope of the project. On a server this may ask git, and write `.vercel/emu/`."""
    owner = project.project_id or (_identity(project) if is_shared(options.cache) else project.name)
    return Scope(owner, options.env, options.region)


def _identity(project: Project) -> str:
    repository = read_repository(project.root)
    return repository or _kept(project)


def _kept(project: Project) -> str:
    """The name with a random end, made once; where nothing can be kept, with one of its path."""
    file = project.root / EMU_DIR / _FILE
    try:
        kept = read_text(file, _LONGEST).strip()
        if kept and kept.isprintable():
            return kept
    except (OSError, ValueError):
        pass
    made = f"{project.name}-{secrets.token_hex(4)}"
    try:
        (project.root / EMU_DIR.parent).mkdir(exist_ok=True)
        write_whole(file, made.encode() + b"\n")
    except OSError:
        path = os.fsencode(project.root.resolve())
        return f"{project.name}-{hashlib.blake2b(path, digest_size=4).hexdigest()}"
    return made
