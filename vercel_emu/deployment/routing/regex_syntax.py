"""The parser for the regular expressions of vercel.json, written for JavaScript and PCRE.

`re` reads some of their syntax differently (`{,3}`, `$`, `.`) or not at all (`(?<name>`, `[^]`,
unknown escapes), and takes syntax that the platform refuses. `parse_regex` accepts only what can
be evaluated the platform's way, and says where an expression is wrong.

The small tree that it returns has three readers: the translation for `re` (`regex`), the estimate
of how long `re` could take, and the matcher that can't run away (both `regex_guard`).

Requests are read as latin-1, so a character is a code point from 0 to 255, and one more bit stands
for all others. A set of characters is an `int` used as a bit mask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

OTHERS = 1 << 256
ALL = (1 << 257) - 1

_DIGIT = sum(1 << ord(c) for c in "0123456789")
_LOWER = sum(1 << c for c in range(ord("a"), ord("z") + 1))
_UPPER = sum(1 << c for c in range(ord("A"), ord("Z") + 1))
_WORD = _DIGIT | _LOWER | _UPPER | 1 << ord("_")
_SPACE = sum(1 << c for c in (9, 10, 11, 12, 13, 32, 160))
_CLASS_ESCAPES = {
    "d": _DIGIT,
    "D": ALL & ~_DIGIT,
    "w": _WORD,
    "W": ALL & ~_WORD,
    "s": _SPACE,
    "S": ALL & ~_SPACE,
}
_CONTROL_ESCAPES = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0}
_POSIX = {
    "alpha": _LOWER | _UPPER,
    "digit": _DIGIT,
    "alnum": _LOWER | _UPPER | _DIGIT,
    "lower": _LOWER,
    "upper": _UPPER,
    "space": _SPACE,
    "word": _WORD,
    "xdigit": _DIGIT | sum(1 << ord(c) for c in "abcdefABCDEF"),
}


class RegexError(ValueError):
    """The expression is wrong, or uses something that can't be evaluated here."""


@dataclass(frozen=True, slots=True)
class Chars:
    """Exactly one character out of a set."""

    mask: int


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    item: Node
    least: int
    most: int | None
    mode: Literal["greedy", "lazy", "possessive"]


@dataclass(frozen=True, slots=True)
class Group:
    """A capturing group, counted from 1."""

    item: Node
    index: int
    name: str | None


@dataclass(frozen=True, slots=True)
class Look:
    item: Node
    ahead: bool
    negated: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    kind: Literal["start", "end", "word", "not_word"]


@dataclass(frozen=True, slots=True)
class BackReference:
    index: int | str


type Node = Chars | Sequence | Choice | Repeat | Group | Look | Anchor | BackReference


@dataclass(frozen=True, slots=True)
class Parsed:
    node: Node
    names: tuple[str | None, ...]
    """The name of each capturing group, in order; None for a numbered one."""


def parse_regex(source: str, *, ignore_case: bool = False) -> Parsed:
    """Parse `source`; a `RegexError` says what is wrong and where."""
    parser = _Parser(source, ignore_case)
    node = parser.choice()
    if parser.at < len(source):
        raise RegexError(f'unmatched ")" at {parser.at}')
    return Parsed(node, tuple(parser.names))


class _Parser:
    def __init__(self, source: str, ignore_case: bool) -> None:
        self.source = source
        self.ignore_case = ignore_case
        self.at = 0
        self.depth = 0
        self.names: list[str | None] = []

    def peek(self, text: str) -> bool:
        return self.source.startswith(text, self.at)

    def take(self, text: str) -> bool:
        if not self.peek(text):
            return False
        self.at += len(text)
        return True

    def next(self, inside: str) -> str:
        if self.at >= len(self.source):
            raise RegexError(f"ends inside {inside}")
        self.at += 1
        return self.source[self.at - 1]

    def until(self, end: str, inside: str) -> str:
        found = self.source.find(end, self.at)
        if found < 0:
            raise RegexError(f"ends inside {inside}")
        text = self.source[self.at : found]
        self.at = found + len(end)
        return text

    def choice(self) -> Node:
        options = [self.sequence()]
        while self.take("|"):
            options.append(self.sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def sequence(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.source) and not self.peek("|") and not self.peek(")"):
            atom = self.atom()
            if atom is not None:
                items.append(self.repeated(atom))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def repeated(self, atom: Node) -> Node:
        bounds = self.bounds()
        if bounds is None:
            return atom
        least, most = bounds
        if isinstance(atom, Anchor) or (isinstance(atom, Look) and not atom.ahead):
            raise RegexError(f"nothing to repeat at {self.at - 1}")
        mode: Literal["greedy", "lazy", "possessive"] = "greedy"
        if self.take("?"):
            mode = "lazy"
        elif self.take("+"):
            mode = "possessive"
        if self.bounds() is not None:
            raise RegexError(f"nothing to repeat at {self.at - 1}")
        return Repeat(atom, least, most, mode)

    def bounds(self) -> tuple[int, int | None] | None:
        if self.take("*"):
            return 0, None
        if self.take("+"):
            return 1, None
        if self.take("?"):
            return 0, 1
        if not self.peek("{"):
            return None
        end = self.source.find("}", self.at)
        least, comma, most = self.source[self.at + 1 : max(end, 0)].partition(",")
        # As in JavaScript, `{` is an ordinary character unless it starts a quantifier.
        if end < 0 or not _is_number(least) or not (most == "" or _is_number(most)):
            return None
        self.at = end + 1
        low, high = int(least), int(most or least) if most or not comma else None
        if low > 1000 or (high or 0) > 1000:
            raise RegexError("a repeat count above 1000")
        if high is not None and high < low:
            raise RegexError(f"numbers out of order in a quantifier at {end}")
        return low, high

    def atom(self) -> Node | None:
        char = self.next("the expression")
        if char == "(":
            return self.group()
        if char == "[":
            return Chars(self.char_class())
        if char == ".":
            return Chars(ALL & ~(1 << 10) & ~(1 << 13))
        if char == "^":
            return Anchor("start")
        if char == "$":
            return Anchor("end")
        if char == "\\":
            return self.escape()
        if char in "*+?":
            raise RegexError(f"nothing to repeat at {self.at - 1}")
        return Chars(self.folded(_bit(char)))

    def group(self) -> Node | None:
        self.depth += 1
        if self.depth > 100:
            raise RegexError("groups nested more than 100 deep")
        before = self.ignore_case
        node = self.group_body()
        if node is not None:
            if not self.take(")"):
                raise RegexError("an unterminated group")
            self.ignore_case = before
        self.depth -= 1
        return node

    def group_body(self) -> Node | None:
        if not self.take("?"):
            return self.capture(None)
        for opener, ahead, negated in (
            ("=", True, False),
            ("!", True, True),
            ("<=", False, False),
            ("<!", False, True),
        ):
            if self.take(opener):
                return Look(self.choice(), ahead, negated)
        if self.take(":"):
            return self.choice()
        if self.take("P<") or self.take("<"):
            return self.capture(self.until(">", "a group name"))
        return self.inline_flags()

    def capture(self, name: str | None) -> Node:
        if name is not None and (not name.isidentifier() or not name.isascii()):
            raise RegexError(f'an invalid group name "{name}"')
        if name is not None and name in self.names:
            raise RegexError(f'a duplicate group name "{name}"')
        self.names.append(name)
        index = len(self.names)
        return Group(self.choice(), index, name)

    def inline_flags(self) -> Node | None:
        """`(?i)` holds to the end of the enclosing group, `(?i:...)` inside its own."""
        flags = ""
        while self.at < len(self.source) and self.source[self.at] in "is":
            flags += self.next("flags")
        scoped = self.take(":")
        if not flags or not (scoped or self.take(")")):
            raise RegexError(f"an invalid group at {self.at - 1}")
        self.ignore_case = self.ignore_case or "i" in flags
        return self.choice() if scoped else None

    def escape(self) -> Node:
        char = self.next("an escape")
        if char in _CLASS_ESCAPES:
            return Chars(_CLASS_ESCAPES[char])
        if char in "bB":
            return Anchor("word" if char == "b" else "not_word")
        if char in "AzZ":
            return Anchor("start" if char == "A" else "end")
        if char == "k" and self.take("<"):
            return BackReference(self.until(">", "a group name"))
        if char in "123456789":
            return BackReference(int(char))
        if char in "pP":
            raise RegexError("Unicode property escapes (\\p) can't be evaluated here")
        return Chars(self.folded(1 << min(self.escaped_code(char), 256)))

    def escaped_code(self, char: str) -> int:
        """The code point of an escape that stands for a single character."""
        if char in _CONTROL_ESCAPES:
            return _CONTROL_ESCAPES[char]
        letter = self.source[self.at : self.at + 1]
        if char == "c" and letter.isascii() and letter.isalpha():
            self.at += 1
            return ord(letter) % 32
        length = {"x": 2, "u": 4}.get(char, 0)
        digits = self.source[self.at : self.at + length]
        if length and len(digits) == length and all(c in "0123456789abcdefABCDEF" for c in digits):
            self.at += length
            return int(digits, 16)
        return ord(char)

    def char_class(self) -> int:
        negated = self.take("^")
        mask = 0
        first = True
        # PCRE takes a leading "]" literally; JavaScript has an empty class, which matches nothing.
        while first or not self.peek("]"):
            if first and self.peek("]") and "]" not in self.source[self.at + 1 :]:
                break
            first = False
            mask |= self.class_item()
        self.at += 1
        mask = self.folded(mask)
        return ALL & ~mask if negated else mask

    def class_item(self) -> int:
        if self.take("[:"):
            name = self.until(":]", "a character class")
            if name not in _POSIX:
                raise RegexError(f'an unknown character class "{name}"')
            return _POSIX[name]
        low = self.class_char()
        if isinstance(low, Chars):
            return low.mask
        if not self.peek("-") or self.source.startswith("-]", self.at):
            return 1 << min(low, 256)
        self.at += 1
        high = self.class_char()
        if isinstance(high, Chars):
            return high.mask | 1 << min(low, 256) | 1 << ord("-")
        if high < low:
            raise RegexError("a character range that is out of order")
        return sum(1 << code for code in range(min(low, 256), min(high, 256) + 1))

    def class_char(self) -> int | Chars:
        char = self.next("a character class")
        if char != "\\":
            return ord(char)
        char = self.next("an escape")
        if char in _CLASS_ESCAPES:
            return Chars(_CLASS_ESCAPES[char])
        if char in "pP":
            raise RegexError("Unicode property escapes (\\p) can't be evaluated here")
        return 8 if char == "b" else self.escaped_code(char)

    def folded(self, mask: int) -> int:
        if not self.ignore_case:
            return mask
        shift = ord("a") - ord("A")
        return mask | (mask & _LOWER) >> shift | (mask & _UPPER) << shift


def _bit(char: str) -> int:
    return 1 << min(ord(char), 256)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
