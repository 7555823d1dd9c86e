"""From a seed and an index to one connection; nothing else decides."""

from __future__ import annotations

from random import Random

from tests.fuzz.connections import App, Connection, End, Request
from tests.fuzz.requests import Draft, mutate, well_formed
from tests.fuzz.responses import raw_response

ENDLESS = 1_000_000
"""Bytes of a head that never ends: far more than any server needs to have seen."""


def generate(seed: int, index: int) -> Connection:
    """Connection number `index` of `seed`, the same on every machine."""
    rng = Random(f"{seed}:{index}")
    app = rng.choice((App.FASTAPI, App.FLASK, App.HANDLER, App.HANDLER))
    if rng.random() < 0.004:
        return _endless_head(rng, app, index)
    requests = []
    for number in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        requests.append(_request(rng, app, f"{seed}-{index}-{number}"))
        if requests[-1].mutations:
            # What comes behind it is read differently by each side; its method must not matter.
            follow = Draft(f"{seed}-{index}-{number + 1}", "GET", f"/f/{seed}-{index}".encode())
            follow.headers = [b"host: localhost", f"x-fuzz: {follow.tag}".encode()]
            if rng.random() < 0.5:
                requests.append(follow.finish())
            break
    size = sum(len(one.encode()) for one in requests)
    return Connection(
        index=index,
        app=app,
        requests=tuple(requests),
        cuts=tuple(rng.randrange(size) for _ in range(rng.choice((0, 0, 1, 2, 5)))),
        end=rng.choices((End.WAIT, End.HALF_CLOSE, End.ABORT), (8, 1, 1))[0],
        length=rng.randrange(1, size) if rng.random() < 0.08 else None,
    )


def _request(rng: Random, app: App, tag: str) -> Request:
    draft = well_formed(rng, app, tag)
    if app is App.HANDLER and rng.random() < 0.35:
        _ask_for_raw(rng, draft)
    if rng.random() < 0.6:
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            mutate(rng, draft)
    return draft.finish()


def _ask_for_raw(rng: Random, draft: Draft) -> None:
    answer = raw_response(rng, draft.tag)
    head_end = answer.find(b"\r\n\r\n") + 4
    split = rng.choice((0, head_end, head_end, rng.randrange(len(answer) + 1)))
    # With a pause whoever reuses the connection too early gets the rest.
    pause, close = rng.choice((0, 0, 5, 20)) if split else 0, rng.choice((0, 0, 1))
    query = f"close={close}&split={split}&pause={pause}&hex={answer.hex()}"
    draft.target = f"/raw/{draft.tag}?{query}".encode()
    # The app's answer is odd, so that the client can't count on one.
    draft.mutations.append("raw_response")


def _endless_head(rng: Random, app: App, index: int) -> Connection:
    line = rng.choice((b"x-a: " + b"a" * 1000, b"x-a: b", b"x-" + b"a" * 4000 + b": b"))
    many = b"\r\n".join([line] * (ENDLESS // len(line)))
    if rng.random() < 0.3:
        many = b"x-a: " + b"a" * ENDLESS
    request = Request(
        tag=f"endless-{index}",
        method="GET",
        line=b"GET /f/endless HTTP/1.1",
        headers=(b"host: localhost", many),
        mutations=("endless_head",),
        blank=b"",
    )
    return Connection(index=index, app=app, requests=(request,), end=End.REFUSED)
