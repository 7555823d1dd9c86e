"""No configuration and no request makes routing raise anything but an `EmuError`, or hang."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.deployment.routing_support import function
from vercel_emu.deployment.public_files import Mount, PublicFiles
from vercel_emu.deployment.routing import RouteRequest, compile_routing, route
from vercel_emu.errors import EmuError
from vercel_emu.project.vercel_json.reader import parse_vercel_config

_TEXT = st.one_of(
    st.text("/:(){}*+?\\.ab$|[]^-&=#% ", max_size=16).map(lambda text: f"/{text}"),
    st.sampled_from(["/:a", "/:a*", "/(.*)", "/a/:b?", "/((?!a).*)", "https://e.org/:a", "/$1"]),
    st.text(max_size=8),
)
_CONDITION = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["header", "cookie", "query"]), "key": st.sampled_from("abx")},
        optional={"value": _TEXT},
    ),
    st.fixed_dictionaries({"type": st.just("host"), "value": _TEXT}),
)
_WHEN = {
    "has": st.lists(_CONDITION, max_size=2),
    "missing": st.lists(_CONDITION, max_size=2),
}
_CONFIG = st.fixed_dictionaries(
    {},
    optional={
        "redirects": st.lists(
            st.fixed_dictionaries({"source": _TEXT, "destination": _TEXT}, optional=_WHEN),
            max_size=2,
        ),
        "rewrites": st.lists(
            st.fixed_dictionaries({"source": _TEXT, "destination": _TEXT}, optional=_WHEN),
            max_size=3,
        ),
        "headers": st.lists(
            st.fixed_dictionaries(
                {
                    "source": _TEXT,
                    "headers": st.lists(st.fixed_dictionaries({"key": _TEXT, "value": _TEXT})),
                },
                optional=_WHEN,
            ),
            max_size=2,
        ),
        "routes": st.lists(
            st.fixed_dictionaries(
                {"src": _TEXT},
                optional={
                    "dest": _TEXT,
                    "status": st.sampled_from([200, 301, 404, 418]),
                    "check": st.booleans(),
                    "continue": st.booleans(),
                },
            ),
            max_size=3,
        ),
        "cleanUrls": st.booleans(),
        "trailingSlash": st.booleans(),
    },
)
_LATIN = st.characters(max_codepoint=255)
_HEADERS = st.lists(
    st.tuples(st.sampled_from([b"host", b"cookie", b"a", b"x"]), st.binary(max_size=20))
)


@settings(max_examples=300, deadline=None)
@given(_CONFIG, st.text(_LATIN, max_size=30), st.text(_LATIN, max_size=20), _HEADERS)
def test_routing_always_answers(
    config: object, path: str, query: str, headers: list[tuple[bytes, bytes]]
) -> None:
    files = PublicFiles([])
    functions = [function("api/[a].py"), function("api/index.py")]
    try:
        table = compile_routing(parse_vercel_config(config), functions)
    except EmuError:
        return
    outcome = route(table, RouteRequest("GET", f"/{path}", query, headers), files)
    assert outcome is not None
    for name, value in outcome.headers:
        assert not set("\r\n\0") & set((name + value).encode("latin-1").decode("latin-1"))
    sent = getattr(outcome, "location", "") + getattr(outcome, "url", "")
    assert not any(code <= 32 for code in sent.encode("latin-1"))


@settings(max_examples=300, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists))
def test_any_value_of_any_key_is_read_or_refused(value: object) -> None:
    keys = ("rewrites", "redirects", "headers", "routes", "functions", "crons", "builds", "env")
    for key in (*keys, "cleanUrls", "regions", "framework", "build"):
        with suppress(EmuError):
            compile_routing(parse_vercel_config({key: value}))


_PIECES = ["..", ".", "%2e%2e", "%2E.", "/", "%2f", "%5c", "\\", "%00", "a", "b.txt", "link", "C:"]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=8))
def test_no_path_leaves_the_public_folder(pieces: list[str]) -> None:
    folder = Path(__file__).parent
    found = PublicFiles([Mount(folder)], clean_urls=True).find("/" + "".join(pieces))
    assert found is None or found.resolve().is_relative_to(folder)
