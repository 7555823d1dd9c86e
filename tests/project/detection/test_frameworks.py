"""Preset detection, by the words in a folder's manifests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.helpers import write
from vercel_emu.project.detection.frameworks import detect_framework


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"app.py": "app = 1"}, None),
        ({"requirements.txt": ""}, "python"),
        ({"Pipfile": ""}, "python"),
        ({"pyproject.toml": ""}, "python"),
        ({"requirements.txt": "fastapi[standard]>=0.1"}, "fastapi"),
        ({"requirements.txt": "# not fastapi"}, "fastapi"),
        ({"requirements.txt": "FastAPI"}, "python"),
        ({"pyproject.toml": 'dependencies = ["Flask"]'}, "flask"),
        ({"Pipfile": 'flask = "*"'}, "flask"),
        ({"requirements.txt": "flask\nfastapi"}, "fastapi"),
        ({"requirements.txt": "Django", "Pipfile": "flask"}, "flask"),
        ({"requirements.txt": "python-fasthtml"}, "fasthtml"),
        ({"pyproject.toml": "python-fasthtml"}, "python"),
        ({"requirements.txt": "Django>=5"}, "django"),
        ({"manage.py": "DJANGO_SETTINGS_MODULE"}, "django"),
        ({"manage.py": "print()"}, None),
        ({"package.json": '{"dependencies": {"next": "15"}}', "Pipfile": "flask"}, "nextjs"),
        ({"package.json": '{"devDependencies": {"vite": "7"}}'}, "vite"),
        ({"package.json": "{ broken", "requirements.txt": "flask"}, "flask"),
        ({"package.json": "[]", "requirements.txt": ""}, "python"),
        ({"package.json": '{"dependencies": []}', "requirements.txt": ""}, "python"),
    ],
)  # fmt: skip
def test_detect(tmp_path: Path, files: dict[str, str], expected: str | None) -> None:
    assert detect_framework(write(tmp_path, files)) == expected


def test_manifests_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"\xff\xfe\x00 flask \x80")
    (tmp_path / "pyproject.toml").mkdir()
    assert detect_framework(tmp_path) == "flask"
