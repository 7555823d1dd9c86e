"""The WSGI app under test: echoes which request it got."""

import recorder
from flask import Flask, Response, request

recorder.watch_http_server()
app = Flask(__name__)
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@app.before_request
def note_environ() -> None:
    """In WSGI `x-real-ip` and `x_real_ip` are one: what the app sees is noted too."""
    pairs = [
        (name[5:].replace("_", "-"), str(value))
        for name, value in request.environ.items()
        if name.startswith("HTTP_")
    ]
    recorder.note("environ", f"{request.method} {request.path} HTTP/1.1\r\n", pairs)


@app.get("/_seen")
def seen() -> Response:
    return Response(recorder.drain(), mimetype="application/json")


@app.route("/canary/<token>", methods=["GET", "POST"])
def canary(token: str) -> Response:
    return Response(f"canary {token} {len(request.get_data())}", mimetype="text/plain")


@app.route("/status/<int:status>", methods=METHODS)
def with_status(status: int) -> Response:
    response = echo()
    response.status_code = status
    return response


@app.route("/", defaults={"rest": ""}, methods=METHODS)
@app.route("/<path:rest>", methods=METHODS)
def anything(rest: str) -> Response:
    return echo()


def echo() -> Response:
    tag = request.headers.get("x-fuzz", "-").encode("ascii", "replace").decode()
    response = Response(f"echo {tag} {len(request.get_data())}", mimetype="text/plain")
    response.headers["x-echo"] = tag
    return response
