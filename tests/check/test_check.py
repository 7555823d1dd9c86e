"""`vercel-emu check`: nothing wrong with the templates, and every planted fault by its name."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.check.helpers import ENVIRON
from tests.check.helpers import checked as check_files
from tests.checkout import TEMPLATES
from tests.project.helpers import write
from vercel_emu.check.check import Report, check_project
from vercel_emu.cli.commands.check import check
from vercel_emu.errors import Where
from vercel_emu.platform.limits import BUNDLE_BYTES

PYPROJECT = '[project]\nname = "a"\ndependencies = ["fastapi"]\nrequires-python = "{}"\n'
APP = "from fastapi import FastAPI\napp = FastAPI()\n"


def checked(root: Path, files: dict[str, str]) -> Report:
    return check_files(root, files, python=Path(sys.prefix))


VERCEL = "vercel.json"
PLACES: list[tuple[dict[str, str], str, Where]] = [
    ({VERCEL: '{"zzz": 1}'}, "UNKNOWN_CONFIG_KEY", Where(VERCEL, "zzz")),
    ({VERCEL: '{"images": {}}'}, "UNSUPPORTED_CONFIG_KEY", Where(VERCEL, "images")),
    ({"vercel.ts": "{}"}, "CONFIG_IS_PROGRAM", Where("vercel.ts")),
    ({VERCEL: "{,}"}, "CANT_PARSE_JSON_FILE", Where(VERCEL, line=1)),
    ({VERCEL: "{}", "vercel.toml": ""}, "CONFLICTING_CONFIG_FILES", Where("vercel.toml")),
    ({VERCEL: '{"crons": [{}]}'}, "INVALID_VERCEL_CONFIG", Where(VERCEL, "crons[0]")),
    ({VERCEL: '{"regions": ["mars1"]}'}, "UNKNOWN_REGION", Where(VERCEL, "regions")),
    (
        {VERCEL: '{"functions": {"app.py": {"regions": ["iad1", "mars1"]}}}'},
        "UNKNOWN_REGION",
        Where(VERCEL, "functions['app.py'].regions"),
    ),
    ({VERCEL: '{"env": {"TZ": "UTC"}}'}, "RESERVED_VARIABLE", Where(VERCEL, "env.TZ")),
    (
        {VERCEL: '{"crons": [{"path": "/a", "schedule": "0 * * * *"}]}'},
        "CRON_MORE_THAN_DAILY",
        Where(VERCEL, "crons[0].schedule"),
    ),
    (
        {VERCEL: '{"crons": [{"path": "/a", "schedule": "0 9 * * MON"}]}'},
        "INVALID_CRON_EXPRESSION",
        Where(VERCEL, "crons[0].schedule"),
    ),
    (
        {VERCEL: '{"functions": {"app.py": {"maxDuration": 600}}}'},
        "OVER_PLAN_LIMIT",
        Where(VERCEL, "functions['app.py'].maxDuration"),
    ),
    (
        {VERCEL: '{"functions": {"no.py": {"memory": 128}}}'},
        "UNUSED_FUNCTION_PATTERN",
        Where(VERCEL, "functions['no.py']"),
    ),
    (
        {VERCEL: '{"outputDirectory": "../.."}'},
        "INVALID_OUTPUT_DIRECTORY",
        Where(VERCEL, "outputDirectory"),
    ),
    (
        {VERCEL: '{"redirects": [{"source": "/.well-known/x", "destination": "/y"}]}'},
        "RESERVED_PATH",
        Where(VERCEL, "redirects[0]"),
    ),
    (
        {VERCEL: '{"rewrites": [{"source": "x", "destination": "/y"}]}'},
        "RULE_NEVER_MATCHES",
        Where(VERCEL, "rewrites[0]"),
    ),
    ({".env": "A=1\nno assignment"}, "IGNORED_LINE", Where(".env", line=2)),
    ({".env": "A=1\nTZ=UTC"}, "RESERVED_VARIABLE", Where(".env", "TZ", 2)),
    ({".python-version": "three"}, "PYTHON_VERSION_INVALID", Where(".python-version")),
    (
        {"pyproject.toml": PYPROJECT.format(">=3.15")},
        "PYTHON_VERSION_UNAVAILABLE",
        Where("pyproject.toml", "[project] requires-python"),
    ),
    ({"pyproject.toml": "\n[project\n"}, "PYPROJECT_INVALID", Where("pyproject.toml", line=2)),
    (
        {"pyproject.toml": "[project]\ndependencies = 3"},
        "PYPROJECT_INVALID",
        Where("pyproject.toml", "[project] dependencies"),
    ),
    (
        {"pyproject.toml": '[project]\ndependencies = ["fastapi", "=3"]'},
        "REQUIREMENT_INVALID",
        Where("pyproject.toml", "[project] dependencies"),
    ),
    (
        {"pyproject.toml": '[tool.vercel]\nentrypoint = "gone:app"'},
        "PYTHON_ENTRYPOINT_NOT_FOUND",
        Where("pyproject.toml", "[tool.vercel] entrypoint"),
    ),
    (
        {"requirements.txt": "fastapi\n?"},
        "REQUIREMENT_INVALID",
        Where("requirements.txt", line=2),
    ),
    ({".vercelignore": "app.py\n"}, "ENTRYPOINT_IGNORED", Where(".vercelignore")),
    ({"app.py": "value = 1\n"}, "FASTAPI_ENTRYPOINT_NOT_FOUND", Where("app.py")),
]


@pytest.mark.parametrize(
    ("files", "code", "where"), PLACES, ids=[f"{code}-{where}" for _, code, where in PLACES]
)
def test_a_finding_says_where(
    tmp_path: Path, files: dict[str, str], code: str, where: Where
) -> None:
    write(tmp_path, {"requirements.txt": "fastapi\n", "app.py": APP, **files})
    findings = json.loads(CliRunner().invoke(check, [str(tmp_path), "--json"]).stdout)["findings"]
    (finding,) = (one for one in findings if one["code"] == code)
    assert finding["where"] == {"file": where.file, "key": where.key, "line": where.line}
    # A place is shown once: before the message.
    assert not finding["message"].startswith((f"{where.file}:", f"{where.file},"))


def test_what_is_taken_out_shifts_no_numbers(tmp_path: Path) -> None:
    bad = {"source": "/(", "destination": "/"}
    fine = {"source": "/a", "destination": "/"}
    config = {
        "redirects": [{"src": "/x", "destination": "/"}, bad, fine, bad],
        "headers": [{"source": "/(", "headers": []}, {"source": "x", "headers": []}],
    }
    report = checked(tmp_path, {"app.py": APP, VERCEL: json.dumps(config)})
    keys = [finding.where.key for finding in report.findings if finding.where]
    assert keys[:3] == ["redirects[0]", "redirects[1].source", "redirects[3].source"]
    assert keys[3] == "headers[0].source"
    messages = [finding.message for finding in report.findings]
    assert any(text.startswith("Redirect at index 3 ") for text in messages)
    assert any(text.startswith("`headers[1]` can never match") for text in messages)


def codes(report: Report) -> set[str]:
    return {finding.code for finding in report.findings}


def found(report: Report, code: str) -> str:
    """The message of the only finding with this code."""
    (one,) = (finding for finding in report.findings if finding.code == code)
    return f"{one.place}: {one.message}"


@pytest.mark.parametrize("name", ["fastapi", "flask", "django", "handler"])
def test_nothing_is_wrong_with_a_template(name: str) -> None:
    report = check_project(TEMPLATES / name, ENVIRON)
    assert report.findings == ()
    assert report.deployment_python == "3.12"


PLANTED = {
    # 1: the deployment has no such Python. 2: not declared. 3: unreadable. 4: a missing file.
    ".python-version": "3.8\n",
    "requirements.txt": "fastapi\nnot a requirement !!\n-r more.txt\n",
    "lib/cache.py": "import vercel.functions\n",
    # 5: no entrypoint, because 6: `framework` null leaves api/ alone, which has no function.
    "app.py": APP,
    "api/helper.py": "value = 1\n",
    # 7: a reserved name. 8: a line that is no assignment.
    ".env": "AWS_SECRET_KEY=x\nthis is no assignment\n",
    "vercel.json": json.dumps(
        {
            "framework": None,
            "rewrites": [
                {"source": "/a/:x", "destination": "/b/:y"},  # 9: :y is nowhere
                {"source": "/(.*)", "destination": "/app"},
                {"source": "/never/:id", "destination": "/x"},  # 10: never reached
            ],
            "redirects": [{"src": "/old", "destination": "/new"}],  # 11: src for source
            "crons": [{"path": "/api/job", "schedule": "0 9 * * MON"}],  # 12: a name
            "rewrite": [],  # 13: misspelt
            "regions": ["mars1"],  # 14: no region
            "functions": {"api/x.py": {"maxDuration": 0}},  # 15: out of range
            "images": {},  # 16: not emulated
        }
    ),
}


def test_every_planted_fault_is_named(tmp_path: Path) -> None:
    write(tmp_path, PLANTED)
    with (tmp_path / "model.bin").open("wb") as large:
        large.truncate(BUNDLE_BYTES + 1)  # 17, without using the disk
    report = check_project(tmp_path, ENVIRON)
    assert codes(report) >= {
        "PYTHON_VERSION_UNAVAILABLE",
        "IMPORT_NOT_DECLARED",
        "REQUIREMENT_INVALID",
        "BUNDLE_TOO_LARGE",
        "PYTHON_ENTRYPOINT_NOT_FOUND",
        "SOURCE_EXPOSED",
        "RESERVED_VARIABLE",
        "IGNORED_LINE",
        "invalid_rewrite",
        "RULE_NEVER_MATCHES",
        "INVALID_VERCEL_CONFIG",
        "INVALID_CRON_EXPRESSION",
        "UNKNOWN_CONFIG_KEY",
        "UNKNOWN_REGION",
        "invalid_function_duration",
        "UNSUPPORTED_CONFIG_KEY",
    }
    assert "3.8" in found(report, "PYTHON_VERSION_UNAVAILABLE")
    assert found(report, "IMPORT_NOT_DECLARED").startswith("lib/cache.py:1: `vercel`")
    assert found(report, "RESERVED_VARIABLE").startswith(".env:1: AWS_SECRET_KEY")
    assert found(report, "IGNORED_LINE").startswith(".env:2")
    assert "Rewrite at index 0" in found(report, "invalid_rewrite")
    # The number as it stands in the file, although the first rule was left out.
    assert "`rewrites[2]`" in found(report, "RULE_NEVER_MATCHES")
    assert "rewrites[1]" in found(report, "RULE_NEVER_MATCHES")
    assert "source" in found(report, "INVALID_VERCEL_CONFIG")
    assert "requirements.txt" in found(report, "SOURCE_EXPOSED")
    problems = [f for f in report.findings if f.code == "REQUIREMENT_INVALID"]
    assert [f.place for f in problems] == ["requirements.txt:2", "requirements.txt:3"]
    severities = [finding.severity for finding in report.findings]
    assert severities == sorted(severities)


def test_the_command_and_its_shape(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "fastapi\n"})
    write(tmp_path, {"app.py": APP + "import vercel\n"})
    result = CliRunner().invoke(check, [str(tmp_path), "--json"])
    assert result.exit_code == 1
    shape = json.loads(result.stdout)
    assert (shape["ok"], shape["errors"], shape["warnings"]) == (False, 1, 0)
    assert shape["framework"] == "fastapi"
    assert shape["functions"] == ["app.py"]
    assert shape["python"].keys() == {"deployment", "local"}
    assert shape["findings"] == [
        {
            "severity": "error",
            "code": "IMPORT_NOT_DECLARED",
            "message": "`vercel` is imported, but requirements.txt does not ask for `vercel`",
            "where": {"file": "app.py", "key": None, "line": 3},
            "hint": "Add `vercel` to it, or the import fails in a deployment.",
        }
    ]
    text = CliRunner().invoke(check, [str(tmp_path)])
    assert "error IMPORT_NOT_DECLARED: app.py:3: `vercel`" in text.stdout
    assert "1 error, 0 warnings." in text.stdout
    write(tmp_path, {"requirements.txt": "fastapi\nvercel\n"})
    assert CliRunner().invoke(check, [str(tmp_path)]).exit_code == 0


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({}, "3.12"),
        ({".python-version": "3.13\n"}, "3.13"),
        ({".python-version": "# mine\n3.14.1"}, "3.14"),
        ({".python-version": "3"}, "3.12"),
        ({".python-version": "cpython-3.13"}, "3.13"),
        ({"pyproject.toml": '[project]\nname="a"\nrequires-python=">=3.10"'}, "3.12"),
        ({"pyproject.toml": '[project]\nname="a"\nrequires-python=">=3.13,<3.14"'}, "3.13"),
        ({"pyproject.toml": '[project]\nname="a"\nrequires-python="==3.13.5"'}, "3.13"),
        ({"Pipfile.lock": '{"_meta": {"requires": {"python_version": "3.14"}}}'}, "3.14"),
        ({".python-version": "3.8"}, "3.12"),
    ],
)
def test_the_deployments_python(tmp_path: Path, files: dict[str, str], version: str) -> None:
    write(tmp_path, files)
    assert check_project(tmp_path, ENVIRON).deployment_python == version


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({".python-version": "three"}, "PYTHON_VERSION_INVALID"),
        ({"pyproject.toml": "[project"}, "PYPROJECT_INVALID"),
        (
            {"pyproject.toml": PYPROJECT.format(">=3.15")},
            "PYTHON_VERSION_UNAVAILABLE",
        ),
        (
            {
                ".python-version": "3.12",
                "pyproject.toml": PYPROJECT.format(">=3.13"),
            },
            "PYTHON_VERSION_CONFLICT",
        ),
        ({"vercel.json": "{,}"}, "CANT_PARSE_JSON_FILE"),
        ({"vercel.json": "[]"}, "INVALID_VERCEL_CONFIG"),
        ({"vercel.json": '{"env": {"TZ": "UTC"}}'}, "RESERVED_VARIABLE"),
        ({".env": "BIG=" + "x" * 70_000}, "ENVIRONMENT_TOO_LARGE"),
        (
            {"vercel.json": '{"functions": {"nothing.py": {"memory": 128}}}'},
            "UNUSED_FUNCTION_PATTERN",
        ),
        (
            {"vercel.json": '{"crons": [{"path": "/a", "schedule": "0 * * * *"}]}'},
            "CRON_MORE_THAN_DAILY",
        ),
        ({"app.py": "import httpx\n" + APP}, "IMPORT_NOT_DECLARED"),
        ({".vercelignore": "app.py\n"}, "ENTRYPOINT_IGNORED"),
        ({"vercel.json": '{"functions": {"app.py": {"maxDuration": 600}}}'}, "OVER_PLAN_LIMIT"),
        ({"vercel.json": '{"functions": {"app.py": {"memory": 10000}}}'}, "OVER_PLAN_LIMIT"),
    ],
)
def test_single_faults(tmp_path: Path, files: dict[str, str], code: str) -> None:
    report = checked(tmp_path, {"requirements.txt": "fastapi\n", "app.py": APP, **files})
    assert codes(report) == {code}


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    import vercel\nexcept ImportError:\n    vercel = None\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import vercel\n",
        "import app, lib.cache, json, starlette\n",
    ],
)
def test_imports_that_need_no_declaration(tmp_path: Path, source: str) -> None:
    report = checked(
        tmp_path,
        {
            "requirements.txt": "fastapi\n",
            "app.py": source + APP,
            "lib/cache.py": "",
            "tests/test_it.py": "import vercel, pytest\n",
        },
    )
    assert report.findings == ()


def test_imports_are_followed_from_the_entrypoint(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "fastapi\n",
        "app.py": "from lib import first\n" + APP,
        "lib/__init__.py": "",
        "lib/first.py": "def later():\n    from . import second\n",
        "lib/second.py": "from .deep.third import name\n",
        "lib/deep/third.py": "import vercel.functions\n",
        "scripts/fill.py": "import httpx\n",
    }
    report = checked(tmp_path, files)
    (finding,) = report.findings
    assert finding.place == "lib/deep/third.py:1"


def test_what_does_not_count_for_the_bundle(tmp_path: Path) -> None:
    config = {"functions": {"app.py": {"excludeFiles": "data/**"}}}
    files = {"requirements.txt": "fastapi\n", "app.py": APP, "vercel.json": json.dumps(config)}
    write(tmp_path, {**files, ".vercelignore": "# large\n/raw\n"})
    for name in ("data/a.bin", "raw/b.bin", "public/c.bin", ".venv/d.bin", "node_modules/e.bin"):
        write(tmp_path, {name: ""})
        os.truncate(tmp_path / name, BUNDLE_BYTES)
    assert check_project(tmp_path, ENVIRON).findings == ()
    write(tmp_path, {"own.bin": ""})
    os.truncate(tmp_path / "own.bin", int(BUNDLE_BYTES * 0.85))
    report = check_project(tmp_path, ENVIRON)
    assert codes(report) == {"BUNDLE_NEAR_LIMIT"}
    assert "own.bin 425 MB" in report.findings[0].hint


def test_an_app_that_only_the_emulator_finds(tmp_path: Path) -> None:
    report = checked(tmp_path, {"app.py": "application = print\n"})
    assert codes(report) == {"ENTRYPOINT_NOT_DETECTED"}
    assert report.errors == 1
