"""Projects without any function: which are served, and which are a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.project.helpers import write
from vercel_emu.errors import EmuError
from vercel_emu.project.load import load_project
from vercel_emu.project.model import Project
from vercel_emu.project.vercel_json.reader import parse_vercel_config

REDIRECT = {"redirects": [{"source": "/a", "destination": "/b"}]}


def load(root: Path, files: dict[str, str], config: Mapping[str, Any]) -> Project:
    return load_project(write(root, files), parse_vercel_config(dict(config)), environ={})


@pytest.mark.parametrize(
    ("files", "config"),
    [
        ({"index.html": ""}, {}),
        ({"deep/inside/picture.png": "x"}, {}),
        ({"public/a.txt": ""}, {}),
        ({"web/a.txt": ""}, {"outputDirectory": "web"}),
        ({"data.csv": "x", "README.md": ""}, {}),
        ({"index.html": "", "app.py": "x = 1\n"}, {}),
        ({}, REDIRECT),
        ({}, {"rewrites": [{"source": "/(.*)", "destination": "https://example.com/$1"}]}),
        ({}, {"routes": [{"src": "/a", "status": 410}]}),
        ({"index.html": ""}, {"framework": None}),
        ({}, {"builds": [{"src": "**", "use": "@vercel/static"}]}),
        ({"app.py": "app = 1"}, {"builds": [{"src": "b.sh", "use": "@vercel/static-build"}]}),
        ({"app.py": "app = 1"}, {"builds": [{"src": "*.html", "use": "@vercel/static@2"}]}),
    ],
)
def test_something_to_serve(
    tmp_path: Path, files: dict[str, str], config: dict[str, object]
) -> None:
    assert load(tmp_path, files, config).functions == ()


@pytest.mark.parametrize(
    ("files", "config"),
    [
        ({}, {}),
        ({"README.md": "", "notes.yaml": ""}, {}),
        ({"tool.py": "print(1)\n"}, {}),
        ({"readme.txt": "x"}, {}),
        ({".hidden/a.txt": "x", "node_modules/x/a.txt": "x", ".env": "A=1"}, {}),
        ({"main.py": "x = 1\n", "LICENSE": "x"}, {}),
        ({"main.py": "x = 1\n"}, REDIRECT),
        ({"api/index.py": "x = 1\n", "data.csv": "x"}, REDIRECT),
        ({"requirements.txt": "flask", "index.html": ""}, {}),
        ({}, {"headers": [{"source": "/a", "headers": [{"key": "a", "value": "b"}]}]}),
        ({"index.html": ""}, {"builds": [{"src": "x.ts", "use": "@vercel/node"}]}),
    ],
)
def test_nothing_to_serve(tmp_path: Path, files: dict[str, str], config: dict[str, object]) -> None:
    with pytest.raises(EmuError, match=r"entrypoint|does not|Found"):
        load(tmp_path, files, config)


def test_builders_of_others_leave_the_functions_to_be_found(tmp_path: Path) -> None:
    config = {"builds": [{"src": "app.py", "use": "@someone/vercel-wsgi"}]}
    files = {"app.py": "app = 1\n", "requirements.txt": "flask"}
    assert [one.name for one in load(tmp_path, files, config).functions] == ["app"]
