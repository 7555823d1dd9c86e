"""A request as the edge reads it: parsed once, raw bytes kept."""

from __future__ import annotations

from dataclasses import dataclass

from vercel_emu.transport.headers import RawHeaders


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
) -> Request:
    """Read what the edge needs to know of a request from its headers."""
    host = accept = ""
    length: int | None = None
    chunked = False
    for name, value in headers:
        if name == b"host":
            host = value.decode("latin-1")
        elif name == b"accept":
            accept = f"{accept},{value.decode('latin-1')}" if accept else value.decode("latin-1")
        elif name == b"content-length" and value.isdigit():
            length = int(value)
        elif name == b"transfer-encoding":
            chunked = True
    if not host:
        host = f"{server[0]}:{server[1]}" if server else "localhost"
    return Request(
        method=method,
        target=target,
        headers=headers,
        host=host,
        scheme=scheme,
        accept=accept,
        content_length=length,
        chunked=chunked,
        client_port=client_port,
        upgrade=upgrade,
    )
