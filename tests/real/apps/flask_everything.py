"""A WSGI app: streaming, close-delimited answers, a death in the middle, WebSockets."""

import os
import time
from collections.abc import Iterator

import flask

app = flask.Flask(__name__)


@app.route("/hello", methods=["GET", "POST"])
def hello() -> str:
    return f"hello {len(flask.request.data)}"


@app.route("/ticks")
def ticks() -> flask.Response:
    """Three chunks; each but the first waits until a file `MARK` + its number is there."""
    mark = flask.request.args["mark"]

    def produce() -> Iterator[str]:
        for number in range(3):
            while number and not os.path.exists(f"{mark}{number}"):
                time.sleep(0.01)
            yield f"tick {number}\n"

    return flask.Response(produce())


@app.route("/half")
def half() -> flask.Response:
    def produce() -> Iterator[str]:
        yield "half"
        time.sleep(0.05)
        os._exit(3)

    return flask.Response(produce())


@app.route("/raise")
def fail() -> str:
    raise ValueError("the person's own mistake")
