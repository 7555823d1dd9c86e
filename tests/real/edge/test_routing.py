"""What vercel.json says, in a running emulator, and that `vercel-emu route` says the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.real.conftest import Emulate
from tests.real.support import PATIENCE, Emulation, read_to_end, read_until, write_project
from vercel_emu import events
from vercel_emu.cli.commands.route import route

APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = dict(scope["headers"])
    text = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}"
    own = [(b"x-own", b"app"), (b"x-mine", b"app")]
    await send({"type": "http.response.start", "status": 200, "headers": own})
    await send({"type": "http.response.body", "body": text.encode()})
"""
CONFIG: dict[str, Any] = {
    "cleanUrls": True,
    "trailingSlash": False,
    "redirects": [
        {"source": "/old/:slug", "destination": "/new/:slug", "permanent": False},
        {"source": "/gone", "destination": "https://example.com/", "statusCode": 301},
        {
            "source": "/shop",
            "has": [{"type": "header", "key": "x-vercel-ip-country", "value": "JP"}],
            "destination": "/ja/shop",
            "permanent": False,
        },
    ],
    "headers": [
        {"source": "/(.*)", "headers": [{"key": "X-Rule", "value": "all"}]},
        {"source": "/(.*)", "headers": [{"key": "X-Own", "value": "rule"}]},
        {
            "source": "/page",
            "missing": [{"type": "cookie", "key": "seen"}],
            "headers": [{"key": "X-First", "value": "yes"}],
        },
    ],
    "rewrites": [
        {"source": "/user/:id", "destination": "/people/:id?from=rule"},
        {"source": "/named/:name", "destination": "/target"},
        {
            "source": "/version",
            "has": [{"type": "query", "key": "v", "value": "(?<number>\\d+)"}],
            "destination": "/versions/:number",
        },
    ],
}
PAGES = {
    "public/page.html": "<p>page</p>",
    "public/index.html": "<p>index</p>",
    "public/docs/index.html": "<p>docs</p>",
    "public/data.json": "{}",
    "public/404.html": "<p>own 404</p>",
}


def vercel_json(**keys: Any) -> dict[str, str]:
    return {"vercel.json": json.dumps(keys)}


def explained(root: Path, path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    """What `vercel-emu route --json` says about a request."""
    arguments = [method, path, str(root), "--json"]
    for name, value in headers.items():
        arguments += ["-H", f"{name.replace('_', '-')}: {value}"]
    result = CliRunner().invoke(route, arguments, catch_exceptions=False)
    outcome: dict[str, Any] = json.loads(result.output)["outcome"]
    return outcome


def agree(running: Emulation, path: str, **headers: str) -> dict[str, Any]:
    """Check that the command and the emulator come to the same end; the command's answer."""
    outcome = explained(running.root, path, **headers)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = running.get(path, headers=sent)
    match outcome["kind"]:
        case "redirect":
            assert answer.status_code == outcome["status"]
            assert answer.headers["location"] == outcome["location"]
        case "file":
            assert answer.content == (running.root / outcome["file"]).read_bytes()
        case "function":
            query = outcome["query"]
            assert answer.text == f"GET {outcome['path']}?{query}"
        case "not_found":
            assert answer.status_code == 404
    for name, value in outcome.get("headers", []):
        if name not in ("x-own",):
            assert answer.headers[name] == value
    return outcome


def test_everything_of_vercel_json(emulate: Emulate) -> None:
    running = emulate(
        {"app.py": APP, "requirements.txt": "fastapi", **PAGES, **vercel_json(**CONFIG)}
    )
    assert agree(running, "/old/a?x=1")["location"].startswith("/new/a")
    assert agree(running, "/gone")["status"] == 301
    assert agree(running, "/page.html")["location"] == "/page"
    assert agree(running, "/docs/")["location"] == "/docs"
    assert agree(running, "/page")["file"] == "public/page.html"
    assert agree(running, "/")["file"] == "public/index.html"
    assert agree(running, "/docs")["file"] == "public/docs/index.html"
    assert agree(running, "/user/7")["path"] == "/people/7"
    assert agree(running, "/named/x?q=1")["query"] in ("name=x&q=1", "q=1&name=x")
    assert agree(running, "/version?v=12")["path"] == "/versions/12"
    assert agree(running, "/version?v=x")["path"] == "/version"
    assert agree(running, "/anything")["path"] == "/anything"

    page = running.get("/page")
    assert (page.headers["x-rule"], page.headers["x-first"]) == ("all", "yes")
    assert "x-first" not in running.get("/page", headers={"cookie": "seen=1"}).headers
    own = running.get("/anything")
    assert (own.headers["x-rule"], own.headers["x-own"]) == ("all", "app")
    assert running.get("/shop").text == "GET /shop?"
    abroad = running.get("/shop", headers={"x-emu-visitor": "Tokyo"})
    assert (abroad.status_code, abroad.headers["location"]) == (307, "/ja/shop")


def test_methods_of_static_files(emulate: Emulate) -> None:
    running = emulate({"app.py": APP, "requirements.txt": "fastapi", **PAGES})
    posted = running.request("POST", "/data.json")
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
    head = running.request("HEAD", "/data.json")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, "2", b"")
    same = running.get("/data.json", headers={"if-none-match": head.headers["etag"]})
    assert same.status_code == 304
    part = running.get("/page.html", headers={"range": "bytes=0-2"})
    assert (part.status_code, part.text) == (206, "<p>")
    assert running.request("POST", "/nothing").text == "POST /nothing?"


def test_double_slashes(emulate: Emulate) -> None:
    running = emulate({"app.py": APP, "requirements.txt": "fastapi"})
    assert running.get("/a//b?c=d").headers["location"] == "/a/b?c=d"
    assert running.request("POST", "/a//b").text == "POST /a/b?"


def test_pages_of_errors(emulate: Emulate) -> None:
    files = {"api/a.py": APP, **PAGES}
    running = emulate(files)
    assert agree(running, "/nothing")["file"] == "public/404.html"
    assert agree(running, "/api/a.py")["function"] == "api/a"
    missing = running.get("/nothing")
    assert (missing.status_code, missing.text) == (404, "<p>own 404</p>")
    platform = running.get("/api/nothing")
    assert (platform.status_code, platform.headers["x-vercel-error"]) == (404, "NOT_FOUND")


ROUTES = [
    {"src": "/headers/.*", "headers": {"x-route": "yes"}, "continue": True},
    {"src": "/blog/(?<slug>[^/]+)", "dest": "/api/a?slug=$slug"},
    {"src": "/only-post", "methods": ["POST"], "dest": "/api/a"},
    {"src": "/teapot", "status": 418},
    {"src": "/away", "status": 302, "headers": {"Location": "/there"}},
    {"handle": "filesystem"},
    {"src": "/(.*)", "dest": "/api/a?all=$1"},
]


def test_legacy_routes(emulate: Emulate) -> None:
    running = emulate({"api/a.py": APP, **PAGES, **vercel_json(framework=None, routes=ROUTES)})
    assert running.get("/blog/one").text == "GET /blog/one?slug=one"
    assert running.request("POST", "/only-post").text == "POST /only-post?"
    assert running.get("/only-post").text == "GET /only-post?all=only-post"
    assert running.get("/teapot").status_code == 418
    assert running.get("/away").headers["location"] == "/there"
    assert running.get("/data.json").text == "{}"
    assert agree(running, "/blog/one")["function"] == "api/a"
    assert agree(running, "/away")["status"] == 302
    assert agree(running, "/data.json")["file"] == "public/data.json"
    through = running.get("/headers/x")
    assert (through.text, through.headers["x-route"]) == ("GET /headers/x?all=headers/x", "yes")


PIP = {"requirements.txt": "fastapi"}
OTHER = {"framework": None}


@pytest.mark.parametrize(
    ("destination", "framework", "manifest"),
    [
        ("/api/index", {}, PIP),
        ("/api/index.py", {}, PIP),
        ("/api/index/", {}, PIP),
        ("/api", OTHER, PIP),
        ("/api/index", OTHER, {}),
        ("/api/index", {}, {}),
    ],
)
def test_one_function_behind_a_rewrite_serves_everything(
    emulate: Emulate, destination: str, framework: dict[str, Any], manifest: dict[str, str]
) -> None:
    rules = vercel_json(**framework, rewrites=[{"source": "/(.*)", "destination": destination}])
    running = emulate({"api/index.py": APP, **manifest, **rules})
    for path in ("/", "/a/b?c=d", "/api", "/api/index", "/api/other"):
        answer = running.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert answer.text.startswith(f"GET {path.partition('?')[0]}?"), path
    warned = [
        event for event in running.events.all(events.Notice) if "passes /api" in event.message
    ]
    assert bool(warned) == (bool(manifest) and not framework)


def test_an_app_of_a_preset_sees_the_rewritten_path(emulate: Emulate) -> None:
    rules = [{"source": "/(.*)", "destination": "/api/index"}]
    running = emulate({"api/index.py": APP, **vercel_json(framework="fastapi", rewrites=rules)})
    assert running.get("/a").text == "GET /api/index?"
    (notice,) = running.events.all(events.Notice)
    assert "Remove that rewrite" in f"{notice.message} {notice.hint}"


def test_builds_name_the_entrypoint(emulate: Emulate) -> None:
    builds = [{"src": "service/web.py", "use": "@vercel/python"}]
    routes = [{"src": "/(.*)", "dest": "service/web.py"}]
    running = emulate({"service/web.py": APP, **vercel_json(builds=builds, routes=routes)})
    assert running.get("/a?b=c").text == "GET /a?b=c"
    assert agree(running, "/x?y=z")["function"] == "app"


# -- other origins -------------------------------------------------------------------------------


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    goes_on = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("x-origin", "yes")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        host = self.headers["x-forwarded-host"]
        self._chunk(f"{self.path} for {host}\n".encode())
        assert self.goes_on.wait(PATIENCE)
        self._chunk(b"end\n")
        self._chunk(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.upper())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def origin() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Origin) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            Origin.goes_on.set()
            server.shutdown()
            thread.join()


def test_external_rewrites_are_streamed(emulate: Emulate) -> None:
    Origin.goes_on.clear()
    with origin() as url:
        rules = [{"source": "/out/:path*", "destination": f"{url}/in/:path*"}]
        running = emulate(
            {"app.py": APP, "requirements.txt": "fastapi", **vercel_json(rewrites=rules)}
        )
        with running.connect() as connection:
            connection.sendall(b"GET /out/a/b?c=d HTTP/1.1\r\nhost: shop.test\r\n")
            connection.sendall(b"connection: close\r\n\r\n")
            first = read_until(connection, b"\n", b"").replace(b"\r\n", b"\n")
            while b"shop.test" not in first:
                first += read_until(connection, b"\n")
            assert b"/in/a/b?c=d for shop.test" in first
            assert b"end\n" not in first
            Origin.goes_on.set()
            assert b"end\n" in read_to_end(connection)
        posted = running.request("POST", "/out/x", content="text")
        assert (posted.status_code, posted.text) == (201, "TEXT")
    failed = running.get("/out/x")
    assert failed.status_code == 502
    assert failed.headers["x-vercel-error"].startswith("ROUTER_EXTERNAL_TARGET")


# -- while it runs -------------------------------------------------------------------------------


def write_rules(running: Emulation, text: str) -> None:
    (running.root / "vercel.json").write_text(text)


def test_new_rules_need_no_new_instance(emulate: Emulate) -> None:
    running = emulate({"app.py": APP, "requirements.txt": "fastapi"}, reload=True)
    assert running.get("/a").text == "GET /a?"
    rule = {"source": "/a", "destination": "/b"}
    write_rules(running, json.dumps({"rewrites": [rule]}))
    assert running.get("/a").text == "GET /b?"
    write_rules(running, json.dumps({"redirects": [rule]}))
    assert running.get("/a").headers["location"] == "/b"
    (running.root / "vercel.json").unlink()
    assert running.get("/a").text == "GET /a?"
    assert len(running.events.all(events.InstanceReady)) == 1


WRONG = [
    ('{"rewrites": [}', "vercel.json:1:15"),
    ('{"rewrites": [{"src": "/a", "destination": "/b"}]}', "`source`"),
    ('{"rewrites": [{"source": "/(a", "destination": "/b"}]}', "index 0"),
    ('{"rewrites": [{"source": "/a", "destination": "/:b"}]}', '":b"'),
    ('{"framework": "python", "functions": {"app.py": {"maxDuration": 0}}}', "maxDuration"),
    ('{"outputDirectory": "../elsewhere"}', "outputDirectory"),
]


def test_a_wrong_file_keeps_the_last_good_one(emulate: Emulate) -> None:
    rules = vercel_json(rewrites=[{"source": "/a", "destination": "/good"}])
    running = emulate({"app.py": APP, "requirements.txt": "fastapi", **rules}, reload=True)
    assert running.get("/a").text == "GET /good?"
    for count, (text, place) in enumerate(WRONG, 1):
        write_rules(running, text)
        assert running.get("/a").text == "GET /good?"
        notice = running.events.wait(
            events.Notice, lambda event: event.level == "error", count=count
        )
        assert place in notice.message
    write_rules(running, json.dumps({"rewrites": [{"source": "/a", "destination": "/new"}]}))
    assert running.get("/a").text == "GET /new?"
    (running.root / "vercel.json").unlink()
    toml = '[[rewrites]]\nsource = "/a"\ndestination = "/toml"\n'
    (running.root / "vercel.toml").write_text(toml)
    assert running.get("/a").text == "GET /toml?"
    assert len(running.events.all(events.InstanceReady)) == 1


def test_public_files_come_and_go(emulate: Emulate) -> None:
    running = emulate({"app.py": APP, "requirements.txt": "fastapi"}, reload=True)
    assert running.get("/").text == "GET /?"
    write_project(running.root, {"public/index.html": "one", "public/a/b.txt": "two"})
    assert running.get("/").text == "one"
    assert running.get("/a/b.txt").text == "two"
    write_project(running.root, {"public/index.html": "three"})
    assert running.get("/").text == "three"
    (running.root / "public/index.html").unlink()
    assert running.get("/").text == "GET /?"
    (running.root / "public").rename(running.root / "elsewhere")
    assert running.get("/a/b.txt").text == "GET /a/b.txt?"
    assert not running.events.all(events.InstanceFailed)


def test_settings_of_functions_change_while_they_run(emulate: Emulate) -> None:
    running = emulate({"app.py": APP, "requirements.txt": "fastapi"}, reload=True)
    assert running.get("/").status_code == 200
    write_rules(running, json.dumps({"functions": {"app.py": {"maxDuration": 7}}}))
    assert running.get("/").status_code == 200
    assert running.project.edge is not None
    assert running.project.edge.deployment.durations["app"] == 7
    assert len(running.events.all(events.InstanceReady)) == 1
