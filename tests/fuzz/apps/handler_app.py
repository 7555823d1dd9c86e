"""The `handler` under test: keeps its connections open, and answers with raw bytes if asked to."""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import recorder

recorder.watch_http_server()


class handler(BaseHTTPRequestHandler):  # noqa: N801
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        length = 0 if path.startswith("/unread") else self._read_body()
        if path == "/_seen":
            self._answer(recorder.drain())
        elif path.startswith("/canary/"):
            self._answer(f"canary {path.rpartition('/')[2]} {length}".encode())
        elif path.startswith("/raw") and "hex" in query:
            self._raw(query)
        else:
            self._answer(f"echo {self._tag()} {length}".encode())

    def __getattr__(self, name: str) -> Callable[[], None]:
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self.do_GET

    def _tag(self) -> str:
        return self.headers.get("x-fuzz", "-").encode("ascii", "replace").decode()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.send_header("x-echo", self._tag())
        self.end_headers()
        if self.command != "HEAD" or self.path.startswith("/status"):
            self.wfile.write(body)

    def _raw(self, query: dict[str, list[str]]) -> None:
        answer = bytes.fromhex(query["hex"][0])
        # After a 101 the client's bytes are the app's affair: this one reads none as a request.
        if query.get("close") == ["1"] or answer.startswith(b"HTTP/1.1 101"):
            self.close_connection = True
        at = int(query.get("split", ["0"])[0])
        self.wfile.write(answer[:at])
        self.wfile.flush()
        time.sleep(int(query.get("pause", ["0"])[0]) / 1000)
        self.wfile.write(answer[at:])

    def _read_body(self) -> int:
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            return len(self.rfile.read(int(self.headers.get("content-length", "0"))))
        total = 0
        while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
            total += len(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return total
