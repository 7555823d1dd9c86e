"""Sources, expressions and destinations by themselves."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.real.support import PATIENCE
from vercel_emu.deployment.routing.destination import (
    Captured,
    compile_destination,
    fill_url,
)
from vercel_emu.deployment.routing.patterns import PatternError, compile_source
from vercel_emu.deployment.routing.regex import (
    CannotMatchError,
    Regex,
    RegexError,
    compile_regex,
)


@pytest.mark.parametrize(
    ("source", "regex", "segments"),
    [
        ("/", r"^\/$", ()),
        ("/a.b", r"^\/a\.b$", ()),
        ("/:id", r"^(?:\/([^\/]+?))$", ("id",)),
        ("/:id?", r"^(?:\/([^\/]+?))?$", ("id",)),
        ("/:id*", r"^(?:\/((?:[^\/]+?)(?:\/(?:[^\/]+?))*))?$", ("id",)),
        ("/:id+", r"^(?:\/((?:[^\/]+?)(?:\/(?:[^\/]+?))*))$", ("id",)),
        ("/a:id(\\d+)", r"^\/a(\d+)$", ("id",)),
        ("/(.*)/x", r"^(?:\/(.*))\/x$", ("__UN_NAMED_SEGMENT__",)),
        ("/{-:a}?b", r"^\/(?:-([^\/]+?))?b$", ("a",)),
        ("/{x}*", r"^\/(?:x)*$", ()),
    ],
)
def test_source_becomes_the_platforms_expression(
    source: str, regex: str, segments: tuple[str, ...]
) -> None:
    pattern = compile_source(source)
    assert pattern.regex == regex
    assert pattern.segments == segments


@pytest.mark.parametrize(
    "source", ["/:", "/*", "/(", "/(a", "/()", "/(?a)", "/((a)b)", "/{a", "/a}", "/?", "/a\\"]
)
def test_wrong_source_is_refused(source: str) -> None:
    with pytest.raises(PatternError):
        compile_source(source)


@pytest.mark.parametrize(
    ("regex", "text", "groups"),
    [
        (r"^(?<a>x)(y)?$", "x", {"1": "x", "2": "", "a": "x"}),
        (r"^a{,2}$", "a{,2}", {}),
        (r"^[[:digit:]]+$", "42", {}),
        (r"^[\w-]+$", "a-b_1", {}),
        (r"^(?i)/Foo$", "/fOO", {}),
        (r"^\/a\-b$", "/a-b", {}),
        (r"^(a)\1$", "aa", {"1": "a"}),
        (r"^(?=ab)a.$", "ab", {}),
        (r"^.(?<!x)b$", "ab", {}),
        (r"^\x41\u0042$", "AB", {}),
        (r"^\cA[\cj]$", "\x01\n", {}),
        (r"^a{e}$", "a{e}", {}),
        (r"^(?<a>x)\k<a>[^]$", "xx-", {"1": "x", "a": "x"}),
        (r"^[^/]+$", "\xe9\xff", {}),
        (r"^a++b$", "aab", {}),
        (r"^(?:a|)$", "", {}),
    ],
)
def test_expressions_of_javascript_and_pcre(regex: str, text: str, groups: dict[str, str]) -> None:
    assert compile_regex(regex).match(text) == {"0": text, **groups}


@pytest.mark.parametrize(
    ("regex", "text"),
    [(r"^a$", "a\n"), (r"^\d$", "٣"), (r"^[a-c]$", "d"), (r"^A$", "a"), (r"^a.b$", "a\nb")],
)
def test_expressions_that_do_not_match(regex: str, text: str) -> None:
    assert compile_regex(regex).match(text) is None


@pytest.mark.parametrize(
    "regex", ["(", "[a", "a**", "*", "a{2,1}", "(?<a>x)(?<a>y)", r"\p{L}", "(?z)", "a{9999}", ")"]
)
def test_wrong_expression_is_refused(regex: str) -> None:
    with pytest.raises(RegexError):
        compile_regex(regex)


@pytest.mark.parametrize(
    "regex",
    [
        r"^(a+)+$",
        r"^(a|aa)*b$",
        r"^(.*)(.*)(.*)(.*)x$",
        r"^((?:a*)*)*b$",
        r"^(?:a?){40}a{40}$",
        "^" + "a?" * 40 + "a" * 40 + "$",
        r"^(\w+\s?)*!$",
        r"^(?=(a+)+b)a*$",
        r"^(a+)+\1c$",
        r"^(?<!b)(a+)+$",
        r"^(?:(?:(?:){1000}){1000}){1000}$",
        r"^(?:(?:(?:a?){1000}){1000}){1000}$",
        "^" + "a?" * 2000 + "$",
        "^" + "(?:" * 90 + "a*" + ")*" * 90 + "$",
    ],
)
def test_hostile_expression_ends(regex: str) -> None:
    with given_up_after(PATIENCE):
        compiled = compile_regex(regex)
        _match(compiled, "")
        for length in (0, 30, 200, 14_000):
            _match(compiled, "a" * length + "?")


@contextmanager
def given_up_after(seconds: float) -> Iterator[None]:
    """An expression that tries every way there is would never end."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"no end after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _match(regex: Regex, text: str) -> dict[str, str] | None:
    try:
        return regex.match(text)
    except CannotMatchError:
        return None


def test_guarded_matcher_agrees_with_re() -> None:
    regex = compile_regex(r"^/(?:(.+)/)?index(?:\.html)?/?$")
    for text in ("/index", "/a/b/index.html", "/a/indexx", "/index/", "//index"):
        assert regex._match_guarded(text) == regex.match(text)


_ATOMS = ["a", "b", ".", "[ab]", "(a)", "(?:b|a)", "a|b", "(a*)", "^", "$", r"\b", "(?=a)", "(?!b)"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(_ATOMS), st.sampled_from(["", "*", "+?", "?", "{0,2}"]))),
    st.text("ab", max_size=8),
)
def test_guarded_matcher_finds_what_re_finds(atoms: list[tuple[str, str]], text: str) -> None:
    try:
        regex = compile_regex("^" + "".join(a + q for a, q in atoms) + "$")
    except RegexError:
        return
    found, guarded = regex._pattern.match(text), regex._match_guarded(text)
    assert (found is None) == (guarded is None)
    assert found is None or guarded is None or found[0] == guarded["0"]


@pytest.mark.parametrize(
    ("source", "destination", "template"),
    [
        ("/:a", "/b/:a", "/b/$1"),
        ("/:a", "/b", "/b?a=$1"),
        ("/:a/:b", "/c?x=:b", "/c?x=$2&a=$1&b=$2"),
        ("/(.*)", "/b", "/b"),
        ("/:a", "https://e.org", "https://e.org/?a=$1"),
        ("/:a*", "https://e.org/:a*", "https://e.org/$1"),
        ("/:a", "/b?u=https://x.y/z w", "/b?u=https%3A%2F%2Fx.y%2Fz%20w&a=$1"),
        ("/:id", "/:idx/:id", "/:idx/$1"),
    ],
)
def test_destination_of_a_rewrite(source: str, destination: str, template: str) -> None:
    segments = compile_source(source).segments
    assert compile_destination(destination, segments, (), is_redirect=False) == template


def test_captured_text_stays_where_it_is_put() -> None:
    captured = Captured({"1": "a&b#c+d", "0": "/x"}, {"q": "x?y=z\r\n#"})
    assert fill_url("/p/$q?v=$1&w=$q", captured) == (
        "/p/x%3Fy=z%0D%0A%23?v=a%26b%23c%2Bd&w=x%3Fy%3Dz%0D%0A%23"
    )


@settings(max_examples=300, deadline=None)
@given(st.text(":(){}*+?\\/.ab1|[]^$-", max_size=20))
def test_any_source_compiles_or_is_refused(source: str) -> None:
    try:
        regex = compile_regex(compile_source(source).regex)
    except (PatternError, RegexError):
        return
    _match(regex, source)
    _match(regex, "/a/b" * 20)


@pytest.mark.parametrize("source", ["/" + ":a" * 1500, "/" + "-".join(["(.*)"] * 1500)])
def test_too_many_parameters_harm_no_other_path(source: str) -> None:
    regex = compile_regex(compile_source(source).regex)
    assert regex.match("/x") is None
    with pytest.raises(CannotMatchError):
        regex.match("/" + "a-" * 2000)
