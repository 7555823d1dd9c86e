"""Which rules of vercel.json no request can ever reach. Plain functions over the parsed rules.

Only what is certain: a rule with conditions hides nothing, and header rules hide each other never.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from vercel_emu.project.vercel_json.model import (
    RedirectRule,
    RewriteRule,
    VercelConfig,
)

type Rule = RedirectRule | RewriteRule

_PROBE = "qzx7"
"""A path segment that nobody's rule names."""
_MOST_SAMPLES = 64


def unreachable_rules(config: VercelConfig) -> Iterator[tuple[str, str]]:
    """`(label, reason)` for each rule that can't match."""
    kinds: tuple[tuple[str, Sequence[Rule]], ...] = (
        ("redirects", config.redirects),
        ("rewrites", config.rewrites),
    )
    before: list[tuple[str, Rule]] = []
    for kind, rules in kinds:
        for rule in rules:
            label = f"{kind}[{rule.index}]"
            reason = _impossible(rule.source, config) or _hidden(rule, before)
            if reason:
                yield label, reason
            before.append((label, rule))
    for header in config.headers:
        if reason := _impossible(header.source, config):
            yield f"headers[{header.index}]", reason


def _impossible(source: str, config: VercelConfig) -> str:
    """Why no path looks like this source."""
    if source and source[0] not in "/({:\\":
        return f'its source "{source}" does not start with "/", as every path does'
    literal = _literal(source)
    if literal is None or literal == "/":
        return ""
    last = literal.rpartition("/")[2]
    if config.clean_urls and last.endswith(".html"):
        return f'`cleanUrls` redirects "{source}" before'
    if config.trailing_slash is False and literal.endswith("/"):
        return f'`trailingSlash: false` redirects "{source}" before'
    is_exempt = "." in last or literal.startswith("/.well-known")
    if config.trailing_slash and not literal.endswith("/") and not is_exempt:
        return f'`trailingSlash: true` redirects "{source}" before'
    return ""


def _hidden(rule: Rule, before: Sequence[tuple[str, Rule]]) -> str:
    """Which rule before this one takes everything it could match."""
    for label, other in before:
        if other.has or other.missing:
            continue
        if other.source == rule.source:
            return f"{label} has the same source {rule.source}"
        if _covers(other.source, rule.source):
            return f"{label} ({other.source}) matches everything that {rule.source} does"
    return ""


def _covers(wide: str, narrow: str) -> bool:
    """Whether `wide` certainly matches every path that `narrow` does."""
    literal = _literal(narrow)
    if literal is not None:
        return _matches(wide, literal)
    if any(_kind(token) == "other" for token in _tokens(wide)):
        return False
    samples = sample_paths(narrow)
    if samples is None:
        samples = ["/", f"/{_PROBE}", f"/{_PROBE}/{_PROBE}.x", f"/{_PROBE}/"]
    return all(_matches(wide, sample) for sample in samples)


def sample_paths(source: str) -> list[str] | None:
    """Paths that stand for all that a source matches; None where it has expressions of its own.

    An odd segment in the place of a parameter is matched only by a rule that takes anything there.
    """
    samples = [""]
    for token in _tokens(source):
        match _kind(token):
            case "text":
                fills = [str(token)]
            case "segment":
                one = f"{token.prefix}{_PROBE}{token.suffix}"
                many = f"{one}{token.prefix}{_PROBE}.x{token.suffix}"
                fills = {"": [one], "?": ["", one], "+": [one, many]}.get(
                    token.modifier, ["", one, many]
                )
            case "rest":
                texts = ("", _PROBE, f"{_PROBE}/{_PROBE}.x", f"{_PROBE}/")
                fills = [f"{token.prefix}{text}{token.suffix}" for text in texts]
            case _:
                return None
        samples = [sample + fill for sample in samples for fill in fills][:_MOST_SAMPLES]
    return samples


def _kind(token: Any) -> str:
    """`text`, `segment` (a plain `:name`), `rest` (`(.*)`), or `other`."""
    if isinstance(token, str):
        return "text"
    if token.pattern == "[^/]+?" or token.pattern == r"[^\/]+?":
        return "segment"
    return "rest" if token.pattern == ".*" and not token.modifier else "other"


def _tokens(source: str) -> tuple[Any, ...]:
    """Texts and parameters; a source that can't be parsed (told elsewhere) is all text."""
    from vercel_emu.deployment.routing.patterns import PatternError, parse_pattern

    try:
        return parse_pattern(source, delimiter="/")
    except PatternError:
        return (source,)


def _literal(source: str) -> str | None:
    """The only path that a source without parameters matches."""
    tokens = _tokens(source)
    return "".join(tokens) if all(isinstance(token, str) for token in tokens) else None


def _matches(source: str, path: str) -> bool:
    from vercel_emu.deployment.routing.patterns import PatternError, compile_source
    from vercel_emu.deployment.routing.regex import (
        CannotMatchError,
        RegexError,
        compile_regex,
    )

    try:
        return compile_regex(compile_source(source).regex).match(path) is not None
    except (PatternError, RegexError, CannotMatchError):
        return False
