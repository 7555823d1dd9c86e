"""`vercel-emu build-static`: what it runs really runs, in the app's environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.real.support import Files, clean_environ, write_project

SCRIPT = """#!/usr/bin/env bash
python3.9 -c 'import os, sys; print(sys.prefix, os.environ["GREETING"], sys.argv)' a b > seen
mkdir -p out/static
echo 'a {}' > out/static/a.css
"""


def config(*, dist: str = "out", **more: object) -> str:
    build = {"src": "build.sh", "use": "@vercel/static-build", "config": {"distDir": dist}}
    return json.dumps({"builds": [build], **more})


def build(root: Path, files: Files) -> subprocess.CompletedProcess[str]:
    write_project(root, files)
    return subprocess.run(
        [sys.executable, "-m", "vercel_emu", "build-static", str(root)],
        env=clean_environ(),
        cwd=root.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_script_sees_the_app_s_python_and_variables(tmp_path: Path) -> None:
    root = tmp_path / "p"
    venv.create(root / ".venv", symlinks=True)
    rules = config(build={"env": {"GREETING": "hello"}})
    done = build(root, {"build.sh": SCRIPT, "vercel.json": rules})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["$ ./build.sh", "out/ is made."]
    assert (root / "seen").read_text().split() == [
        os.path.realpath(root / ".venv"),
        "hello",
        *["['-c',", "'a',", "'b']"],
    ]


def test_pip_leaves_a_python_alone_that_is_no_environment(tmp_path: Path) -> None:
    done = build(
        tmp_path / "p",
        {"build.sh": 'mkdir out; echo "$PIP_REQUIRE_VIRTUALENV" > out/x', "vercel.json": config()},
    )
    assert done.returncode == 0
    assert (tmp_path / "p" / "out" / "x").read_text() == "1\n"


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("echo broken >&2; exit 3", "BUILD_FAILED", "ended with exit code 3"),
        ("true", "STATIC_BUILD_NO_OUT_DIR", "no file in out/"),
        ("mkdir out", "STATIC_BUILD_NO_OUT_DIR", "no file in out/"),
        ("#!/no/such/program", "BUILD_FAILED", "/no/such/program"),
    ],
)
def test_a_build_that_fails(tmp_path: Path, script: str, code: str, words: str) -> None:
    done = build(tmp_path / "p", {"build.sh": f"{script}\n", "vercel.json": config()})
    assert done.returncode == 1
    assert f"{code}: `./build.sh`" in done.stderr
    assert words in done.stderr


def test_nothing_to_build(tmp_path: Path) -> None:
    done = build(tmp_path / "p", {"index.html": ""})
    assert done.returncode == 1
    assert done.stderr.startswith("NOTHING_TO_BUILD")
