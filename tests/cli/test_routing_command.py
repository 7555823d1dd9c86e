"""`vercel-emu route`: what it prints, and the shape of its JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vercel_emu.cli.commands.route import route
from vercel_emu.errors import EmuError

CONFIG = {
    "redirects": [{"source": "/r/:a", "destination": "/x/:a"}],
    "headers": [{"source": "/(.*)", "headers": [{"key": "X-A", "value": "1"}]}],
    "rewrites": [
        {"source": "/old/:p*", "destination": "/new/:p*"},
        {
            "source": "/uk",
            "has": [{"type": "header", "key": "x-vercel-ip-country", "value": "GB"}],
            "destination": "/british",
        },
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    (tmp_path / "requirements.txt").write_text("flask\n")
    (tmp_path / "vercel.json").write_text(json.dumps(CONFIG))
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "a b.txt").write_text("x")
    return tmp_path


def run(*words: object) -> str:
    result = CliRunner().invoke(route, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def run_json(*words: object) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(run(*words, "--json"))
    return data


def test_prints_what_was_tried_and_where_it_ends(folder: Path) -> None:
    lines = run("/old/a?x=1", folder).splitlines()
    assert lines[0] == "GET /old/a?x=1"
    assert any("· main" in line and "redirects[0]" in line for line in lines)
    assert any("✓ filesystem" in line and "1=a" in line for line in lines)
    assert lines[-2:] == ["→ function app, which sees /new/a?x=1", "  x-a: 1"]


def test_json_has_the_documented_shape(folder: Path) -> None:
    data = run_json("post", "/r/7?q=1", folder)
    assert (data["method"], data["path"], data["query"]) == ("POST", "/r/7", "q=1")
    assert data["steps"] == [
        {
            "phase": "main",
            "label": "redirects[0]",
            "source": "/r/:a",
            "path": "/r/7",
            "matched": True,
            "detail": "",
            "captures": {"1": "7"},
        }
    ]
    assert data["outcome"] == {
        "kind": "redirect",
        "status": 308,
        "location": "/x/7?q=1",
        "headers": [],
    }


def test_files_are_relative_to_the_project(folder: Path) -> None:
    outcome = run_json("/a b.txt", folder)["outcome"]
    assert (outcome["kind"], outcome["file"]) == ("file", "public/a b.txt")
    assert "→ file public/a b.txt with status 200" in run("/a%20b.txt", folder)


def test_visitor_and_headers_count(folder: Path) -> None:
    assert run_json("/uk", folder)["outcome"]["path"] == "/uk"
    assert run_json("/uk", folder, "--as", "London")["outcome"]["path"] == "/british"
    own = run_json("/uk", folder, "-H", "X-Vercel-IP-Country: GB")
    assert own["outcome"]["path"] == "/british"


def test_condition_that_fails_is_explained(folder: Path) -> None:
    assert "has: header x-vercel-ip-country does not match" in run("/uk", folder)


def test_functions_and_404(tmp_path: Path) -> None:
    (tmp_path / "api" / "users").mkdir(parents=True)
    handler = "from http.server import BaseHTTPRequestHandler\n"
    handler += "class handler(BaseHTTPRequestHandler):\n    pass\n"
    (tmp_path / "api" / "users" / "[id].py").write_text(handler)
    outcome = run_json("/api/users/42", tmp_path)["outcome"]
    assert outcome == {
        "kind": "function",
        "function": "api/users/[id]",
        "path": "/api/users/42",
        "query": "id=42",
        "matched_path": "/api/users/[id]",
        "status": None,
        "headers": [],
    }
    assert "→ 404 NOT_FOUND" in run("/api/nope", tmp_path)


def test_wrong_folder_and_wrong_header_are_errors(folder: Path) -> None:
    for words in (["/x", str(folder / "none")], ["/x", str(folder), "-H", "nocolon"]):
        with pytest.raises(EmuError):
            CliRunner().invoke(route, words, catch_exceptions=False)
