"""A tiny runtime cache that keeps items, records what reaches it and can be told what to answer.

Standard library only: the differential runner uses it inside environments that have nothing else.
"""

from __future__ import annotations

import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# What each client says about itself, not about the cache; `host` is compared without its port.
CLIENT_HEADERS = frozenset({"accept", "accept-encoding", "connection", "user-agent", "host"})

BASE = "/v1/suspense-cache/"


type Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        peer = self.server.peer
        headers = sorted(
            (name.lower(), value)
            for name, value in self.headers.items()
            if name.lower() not in CLIENT_HEADERS
        )
        peer.requests.append(
            {
                "method": self.command,
                "target": self.path,
                "headers": headers,
                "body": body.decode("latin-1"),
            }
        )
        status, fields, answer = peer.answer(self.command, self.path, body)
        self.send_response(status)
        if "transfer-encoding" not in fields:
            self.send_header("content-length", str(len(answer)))
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_DELETE = _serve  # noqa: N815


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024
    peer: Peer


class Peer:
    """Runs in a thread; use it as a context manager."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[dict[str, object]] = []
        self.answers: deque[Answer] = deque()
        self.items: dict[str, bytes] = {}
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.peer = self
        self.port = self._server.server_address[1]
        self.endpoint = f"http://127.0.0.1:{self.port}{BASE}"

    def answer(self, method: str, target: str, body: bytes) -> Answer:
        if self.answers:
            return self.answers.popleft()
        if method == "GET":
            if target not in self.items:
                return 404, {}, b"Not Found"
            return 200, {"x-vercel-cache-state": "fresh"}, self.items[target]
        if method == "DELETE":
            self.items.pop(target, None)
        elif not target.startswith(BASE + "revalidate"):
            self.items[target] = body
        return 200, {"content-type": "application/json"}, b'{"success":true}'

    def take_requests(self) -> list[dict[str, object]]:
        taken, self.requests = self.requests, []
        return taken

    def __enter__(self) -> Peer:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
