"""The templates answer the same with the official package and with the built-in API."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import vercel_runtime

from tests.checkout import ROOT
from tests.functions_api.differential import serve
from tests.functions_api.differential.differences import NEWEST
from tests.functions_api.differential.environments import environment_with
from tests.functions_api.differential.peer import Peer
from tests.real.support import PATIENCE

BUILT_IN = ROOT / "vercel_emu" / "guest" / "functions_api"


def answers(
    python: Path, runtime: Path, app: tuple[str, str, str], *built_in: str
) -> tuple[list[list[object]], list[dict[str, object]]]:
    template, file, variable = app
    folder = ROOT / "templates" / template
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(runtime),
        "PYTHONDONTWRITEBYTECODE": "1",
        "VERCEL_TELEMETRY_DISABLED": "1",
    }
    with Peer() as peer:
        arguments = [str(folder), file, variable, str(peer.port), *built_in]
        done = subprocess.run(
            [python, serve.__file__, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
            timeout=PATIENCE,
        )
        for line in done.stdout.splitlines():
            if line.startswith("ANSWERS"):
                served_by, got = json.loads(line.removeprefix("ANSWERS"))
                assert served_by.startswith(str(BUILT_IN)) is bool(built_in)
                return got, peer.take_requests()
    pytest.fail(done.stdout + done.stderr)


@pytest.mark.parametrize(
    "app",
    [
        ("fastapi", "app.py", "app"),
        ("flask", "app.py", "app"),
        ("django", "config/wsgi.py", "application"),
        ("handler", "index.py", "handler"),
    ],
    ids=lambda app: app[0],
)
def test_a_template_answers_the_same(
    app: tuple[str, str, str], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    python = environment_with(NEWEST, shared)
    (tmp_path / "vercel_runtime").symlink_to(Path(vercel_runtime.__file__).parent)

    with ThreadPoolExecutor() as both:
        official = both.submit(answers, python, tmp_path, app)
        ours = both.submit(answers, python, tmp_path, app, str(BUILT_IN))
        assert ours.result() == official.result()
    got, reached_the_cache = official.result()
    assert reached_the_cache
    assert [answer[2] for answer in got[:8]] == [200] * 8
