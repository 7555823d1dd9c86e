"""The starter projects on the official SDK, each in a process of its own, without the emulator."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.checkout import ROOT
from tests.real.support import PATIENCE
from vercel_emu.cli.templates_dir import NAMES, template_files, templates_dir
from vercel_emu.project.python.declared import read_declared
from vercel_emu.project.python.manifest import find_manifest

HEADERS = {
    "x-real-ip": "203.0.113.195",
    "x-vercel-id": "iad1::abcde-1700000000000-0123456789ab",
    "x-vercel-ip-city": "S%C3%A3o%20Paulo",
    "x-vercel-ip-country": "BR",
    "x-vercel-ip-country-region": "SP",
    "x-vercel-ip-latitude": "-23.55",
    "x-vercel-ip-longitude": "-46.63",
    "x-vercel-ip-postal-code": "01000",
}
GEO = {
    "city": "São Paulo",
    "country": "BR",
    "flag": "🇧🇷",
    "countryRegion": "SP",
    "region": "iad1",
    "latitude": "-23.55",
    "longitude": "-46.63",
    "postalCode": "01000",
}

# Every script defines call(method, path) -> (status, text), in the framework's own client.
CLIENTS = {
    "fastapi": """
from fastapi.testclient import TestClient
from app import app
client = TestClient(app)
def call(method, path):
    answer = client.request(method, path, headers=HEADERS)
    return answer.status_code, answer.text
""",
    "flask": """
from app import app
client = app.test_client()
def call(method, path):
    answer = client.open(path, method=method, headers=HEADERS)
    return answer.status_code, answer.text
""",
    "django": """
import config.wsgi
from django.test import Client
client = Client(headers=HEADERS, SERVER_NAME="localhost")
def call(method, path):
    answer = client.generic(method, path)
    return answer.status_code, answer.content.decode()
""",
    "handler": """
import threading
from http.client import HTTPConnection
from http.server import HTTPServer
from index import handler
server = HTTPServer(("127.0.0.1", 0), handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
def call(method, path):
    connection = HTTPConnection(*server.server_address, timeout=120)
    connection.request(method, path, headers=HEADERS)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()
""",
}

SCRIPT = """
import json, sys
HEADERS, CALLS = json.loads(sys.argv[1]), json.loads(sys.argv[2])
{client}
answers = [call(method, path) for method, path in CALLS]
print("ANSWERS" + json.dumps(answers))
"""


def call(
    template: str, *calls: tuple[str, str], environ: dict[str, str] | None = None
) -> list[tuple[int, str]]:
    script = SCRIPT.format(client=CLIENTS[template])
    result = subprocess.run(
        [sys.executable, "-c", script, json.dumps(HEADERS), json.dumps(calls)],
        cwd=templates_dir() / template,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "VERCEL": "1",
            "VERCEL_TELEMETRY_DISABLED": "1",
            **(environ or {}),
        },
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 0, result.stderr
    answers: list[tuple[int, str]] = json.loads(result.stdout.rpartition("ANSWERS")[2])
    return answers


@pytest.mark.parametrize("template", NAMES)
def test_every_function_of_the_sdk(template: str) -> None:
    page, *answers = call(
        template,
        ("GET", "/"),
        ("GET", "/api/geo"),
        ("GET", "/api/ip"),
        ("GET", "/api/env"),
        ("GET", "/api/cache"),
        ("GET", "/api/cache"),
        ("POST", "/api/cache/expire"),
        ("GET", "/api/cache"),
        ("GET", "/nothing"),
    )
    assert page[0] == 200
    assert "São Paulo" in page[1]
    assert all(f"/api/{route}" in page[1] for route in ("geo", "ip", "env", "cache"))
    statuses = [status for status, _ in answers]
    assert statuses == [200, 200, 200, 200, 200, 200, 200, 404]
    geo, ip, env, *cache = [json.loads(text) for _, text in answers[:-1]]
    assert geo == GEO
    assert ip == {"ip": "203.0.113.195"}
    assert (env["VERCEL"], env["VERCEL_URL"]) == ("1", None)
    assert cache == [{"visits": 1}, {"visits": 2}, {"expired": "visits"}, {"visits": 1}]


def test_blog_is_fetched_once_for_both_routes_until_its_tag_expires() -> None:
    answers = call(
        "fastapi",
        ("GET", "/api/blog"),
        ("GET", "/api/blog"),
        ("POST", "/api/blog/expire"),
        ("GET", "/api/blog-async"),
        ("GET", "/api/blog-async"),
        ("GET", "/origin/blog"),
    )
    first, second, _, third, fourth, origin = [json.loads(text) for _, text in answers]
    assert [each["cached"] for each in (first, second, third, fourth)] == [False, True, False, True]
    assert first["posts"] == third["posts"] == origin
    assert first["fetched_at"] == second["fetched_at"] != third["fetched_at"]


def test_blog_from_the_origin_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "blog.json"
    file.write_text('[{"slug": "mine"}]')
    environ = {"BLOG_ORIGIN": file.as_uri()}
    [(status, text)] = call("fastapi", ("GET", "/api/blog-async"), environ=environ)
    assert status == 200
    assert json.loads(text)["posts"] == [{"slug": "mine"}]


def test_fastapi_routes_around_the_invocation() -> None:
    cache, background, deadline, stream = call(
        "fastapi",
        ("GET", "/api/cache-async"),
        ("GET", "/api/background"),
        ("GET", "/api/deadline"),
        ("GET", "/api/stream"),
    )
    assert json.loads(cache[1]) == {"visits": 1}
    assert background[0] == 200
    assert json.loads(deadline[1]) == {"deadline": None, "seconds_left": None}
    assert stream[1] == "".join(f"data: token {number}\n\n" for number in range(10))


def test_websocket_echoes_text_and_binary() -> None:
    client = (
        CLIENTS["fastapi"]
        + """
def call(method, path):
    with client.websocket_connect("/ws") as socket:
        socket.send_text("hällo")
        socket.send_bytes(b"\\x00\\xff")
        return socket.receive_text(), list(socket.receive_bytes())
"""
    )
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(client=client), "{}", '[["GET", "/ws"]]'],
        cwd=templates_dir() / "fastapi",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert json.loads(result.stdout.rpartition("ANSWERS")[2]) == [["hällo", [0, 255]]]


@pytest.mark.parametrize(
    ("environ", "host", "status"),
    [
        ({"VERCEL_ENV": "production"}, "my-app.vercel.app", 200),
        ({"VERCEL_ENV": "production"}, "localhost:3000", 200),
        ({"VERCEL_ENV": "production"}, "example.com", 400),
        ({"VERCEL_ENV": "production", "ALLOWED_HOSTS": "example.com"}, "example.com", 200),
    ],
)
def test_django_takes_the_platforms_hosts(environ: dict[str, str], host: str, status: int) -> None:
    script = (
        "import config.wsgi; from django.test import Client; import sys\n"
        "print(Client().get('/api/ip', headers={'host': sys.argv[1]}).status_code)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, host],
        cwd=templates_dir() / "django",
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert result.stdout.strip() == str(status)


@pytest.mark.parametrize("template", NAMES)
def test_official_imports_and_declared_dependencies_alone(template: str) -> None:
    root = templates_dir() / template
    own = {file.parts[0].removesuffix(".py") for file in template_files(template)}
    imported = {
        name
        for file in template_files(template)
        if file.suffix == ".py"
        for name in imports((root / file).read_text())
    }
    manifest = find_manifest(root)
    assert manifest is not None
    declared: list[Requirement] = read_declared(manifest, root).requirements
    names = {requirement.name for requirement in declared}
    assert "vercel" in names
    assert imported - set(sys.stdlib_module_names) - own <= names


def imports(text: str) -> set[str]:
    modules: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules.add(node.module)
    return {module.partition(".")[0] for module in modules}


@pytest.mark.parametrize("template", NAMES)
def test_readme_says_how_to_run_and_deploy(template: str) -> None:
    text = (templates_dir() / template / "README.md").read_text()
    assert "vercel-emu dev" in text
    assert "vercel deploy" in text
    ignored = (templates_dir() / template / ".gitignore").read_text().split()
    assert {".venv/", ".vercel/", ".env"} <= set(ignored)


def test_wheel_ships_them() -> None:
    file = ROOT / "pyproject.toml"
    build: Any = tomllib.loads(file.read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert "templates" in build["only-include"]
    assert build["sources"]["templates"] == "vercel_emu/templates"
