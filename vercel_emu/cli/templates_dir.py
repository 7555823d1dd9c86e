"""The starter projects that `vercel-emu init` copies.

They lie beside the package in a checkout and inside it in an installed wheel.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

NAMES = {
    "fastapi": "FastAPI, with every function of vercel.functions",
    "flask": "Flask",
    "django": "Django, without a database",
    "handler": "a plain BaseHTTPRequestHandler, without a framework",
}

_LEFT_OUT = {"__pycache__", ".venv", "venv", ".vercel", ".git", ".ruff_cache", ".mypy_cache"}
"""What a run inside a checkout's template leaves behind."""


def templates_dir() -> Path:
    """The folder that holds one folder per template."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def template_files(name: str) -> Iterator[Path]:
    """The template's files, relative to its folder, sorted."""
    root = templates_dir() / name
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - _LEFT_OUT)
        for file in sorted(files):
            if not file.endswith((".pyc", ".DS_Store")) and file not in (".env", "uv.lock"):
                yield Path(folder, file).relative_to(root)
