"""A request as the edge reads it: parsed once, raw bytes kept."""

from __future__ import annotations

from dataclasses import dataclass

from vercel_emu.transport.headers import RawHeaders, is_host


@dataclass(slots=True, kw_only=True)
class Request:
    """`target` is path and query as the client sent them; header names are lower case."""

    method: str
    target: bytes
    headers: RawHeaders
    host: str
    scheme: str
    accept: str
    content_length: int | None
    chunked: bool
    client_port: int = 0
    upgrade: bool = False
    fault: str = ""
    """Why the request is refused with 400, in words."""

    @property
    def path(self) -> str:
        """The path as latin-1 text, still percent-encoded."""
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def query(self) -> str:
        """The query as latin-1 text, still percent-encoded."""
        return self.target.partition(b"?")[2].decode("latin-1")


def read_request(
    method: str,
    target: bytes,
    headers: RawHeaders,
    *,
    scheme: str = "http",
    server: tuple[str, int | None] | None = None,
    client_port: int = 0,
    upgrade: bool = False,
    http_version: str = "1.1",
) -> Request:
    """Read what the edge needs to know of a request from its headers."""
    hosts: list[str] = []
    codings: list[bytes] = []
    accept = ""
    length: int | None = None
    for name, value in headers:
        if name == b"host":
            hosts.append(value.decode("latin-1"))
        elif name == b"accept":
            accept = f"{accept},{value.decode('latin-1')}" if accept else value.decode("latin-1")
        elif name == b"content-length" and value.isdigit():
            length = int(value)
        elif name == b"transfer-encoding":
            codings.append(value.strip().lower())
    chunked = bool(codings)
    fault = _host_fault(hosts, http_version)
    if codings not in ([], [b"chunked"]) or (codings and http_version == "1.0"):
        fault = "The request's Transfer-Encoding is not understood; it may be `chunked`."
    if upgrade and (length or chunked):
        fault = "A WebSocket handshake has no body."
    if fault or not hosts:
        hosts = [f"{server[0]}:{server[1]}" if server else "localhost"]
    return Request(
        method=method,
        target=target,
        headers=headers,
        host=hosts[0],
        scheme=scheme,
        accept=accept,
        content_length=length,
        chunked=chunked,
        client_port=client_port,
        upgrade=upgrade,
        fault=fault,
    )


def _host_fault(hosts: list[str], http_version: str) -> str:
    """What is wrong with the Host headers (RFC 9112 section 3.2: then the answer is 400)."""
    if len(hosts) > 1:
        return "The request has more than one Host header."
    if not hosts:
        return "" if http_version == "1.0" else "The request has no Host header."
    return "" if is_host(hosts[0]) else "The Host header is no host name or address."
