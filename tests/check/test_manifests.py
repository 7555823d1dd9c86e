"""What `check` says of files with dependencies that a deployment does not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from vercel_emu.check.check import check_project

APP = "from fastapi import FastAPI\napp = FastAPI()\n"
TOOLS = "[tool.ruff]\nline-length = 100\n"
HANDLER = (
    "from http.server import BaseHTTPRequestHandler\nclass handler(BaseHTTPRequestHandler): ...\n"
)


@pytest.mark.parametrize(
    ("files", "severity"),
    [
        # What is imported is missing in a deployment.
        ({"app.py": APP, "pyproject.toml": TOOLS, "requirements.txt": "fastapi\n"}, "error"),
        ({"app.py": APP, "Pipfile": "", "requirements.txt": "fastapi\n"}, "error"),
        # Nothing that is imported is missing.
        (
            {"api/x.py": HANDLER, "pyproject.toml": TOOLS, "requirements.txt": "gunicorn\n"},
            "warning",
        ),
        (
            {
                "api/x.py": HANDLER,
                "api/requirements.txt": "flask\n",
                "requirements.txt": "requests\n",
                "vercel.json": '{"framework": null}',
            },
            "warning",
        ),
        # The same list a second time.
        ({"app.py": APP, "pyproject.toml": TOOLS}, None),
        (
            {
                "app.py": APP,
                "pyproject.toml": '[project]\nname = "a"\ndependencies = ["fastapi"]\n',
                "requirements.txt": "fastapi==0.115\nstarlette==0.40\n",
            },
            None,
        ),
    ],
)
def test_ignored_manifests(tmp_path: Path, files: dict[str, str], severity: str | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = check_project(tmp_path, {}).findings
    told = [one for one in found if one.code == "MANIFEST_IGNORED"]
    assert [one.severity for one in told] == ([severity] if severity else [])
    assert all(one.where and one.hint for one in told)


@pytest.mark.parametrize(
    ("files", "code", "severity"),
    [
        ({".python-version": "3.10"}, "PYTHON_VERSION_UNAVAILABLE", "warning"),
        (
            {"Pipfile.lock": '{"_meta": {"requires": {"python_version": "3.10"}}}'},
            "PYTHON_VERSION_UNAVAILABLE",
            "warning",
        ),
        (
            {"pyproject.toml": '[project]\nname = "a"\nrequires-python = "<3.12"\n'},
            "PYTHON_VERSION_UNAVAILABLE",
            "error",
        ),
        (
            {"Pipfile": '[requires]\npython_version = "3.10"\n'},
            "PYTHON_VERSION_NOT_READ",
            "warning",
        ),
        ({"Pipfile": '[requires]\npython_version = "3.12"\n'}, None, None),
    ],
)
def test_python_versions(
    tmp_path: Path, files: dict[str, str], code: str | None, severity: str | None
) -> None:
    for name, text in {"api/x.py": HANDLER, **files}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = check_project(tmp_path, {}).findings
    versions = [one for one in found if one.code.startswith("PYTHON_VERSION")]
    assert [(one.code, one.severity) for one in versions] == ([(code, severity)] if code else [])
