"""Why a file exports nothing that a deployment would run: the very line, and the line to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vercel_emu.errors import Where
from vercel_emu.guest.analysis.exports import APP_NAMES
from vercel_emu.guest.analysis.facts import MAIN, OPTIONAL, TYPING, Binding, Facts
from vercel_emu.project.detection.apps.followed import Followed, follow
from vercel_emu.project.detection.apps.known import kind_of_app, unfit
from vercel_emu.project.detection.sources import Sources

_MOST_FILES = 3
_MOST_SEARCHED = 200
_MOST_NAMES = 5
_LAMBDA = ("mangum.Mangum()", "mangum.adapter.Mangum()")


@dataclass(frozen=True, slots=True)
class Reason:
    """What stands in the way (a sentence that begins with the place), and what to write."""

    where: Where
    text: str
    hint: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}. {self.hint}"


def reasons(sources: Sources, files: Iterable[str]) -> list[Reason]:
    """At most one reason for each of the first files, none of which exports an app."""
    first = list(files)[:_MOST_FILES]
    followed = follow(sources, first, most=50)
    found = (_reason(followed, file) for file in first)
    return [reason for reason in found if reason is not None]


def makers_elsewhere(sources: Sources, files: Iterable[str]) -> Reason | None:
    """The first app or factory in files that are no default places, for a file that is one."""
    followed = follow(sources, list(files)[:_MOST_SEARCHED], most=2 * _MOST_SEARCHED)
    for file, facts in list(followed.files.items()):
        module = _module(file)
        for one in facts.bindings:
            if one.conditions or one.how not in ("=", "def"):
                continue
            made = _result(one) if one.how == "def" else one.stands_for
            kind = kind_of_app(followed.meaning(made, file))
            if kind is None or not module.replace(".", "").isidentifier():
                continue
            where = Where(file, line=one.line)
            if one.how == "def":
                text = f"`{one.name}()` makes the {kind} app, and nothing calls it at the top level"
                lines = f"from {module} import {one.name}\n  app = {one.name}()"
            else:
                text = f"the {kind} app is named `{one.name}`, in no default place"
                lines = f"from {module} import {one.name} as app"
            return Reason(where, text, f"Write wsgi.py:\n  {lines}")
    return None


def _reason(followed: Followed, file: str) -> Reason | None:
    facts = followed.files[file]
    if facts.fault is not None:
        hint = "A deployment finds no app in a file that it can't read."
        return Reason(Where(file, line=facts.fault.line), facts.fault.reason, hint)
    rules: tuple[Callable[[Followed, str, Facts], Iterator[Reason]], ...]
    rules = (_right_name, _handlers, _other_names, _factories, _unfit_objects)
    for rule in rules:
        for reason in rule(followed, file, facts):
            return reason
    return _defines_only(file, facts)


def _right_name(followed: Followed, file: str, facts: Facts) -> Iterator[Reason]:
    """`app` or `application` is there, but not as the platform looks for it."""
    for one in facts.bindings:
        if one.name not in APP_NAMES:
            continue
        name, where = one.name, Where(file, line=one.line)
        other = "application" if name == "app" else "app"
        try_it = f"to try it as it is: `--app {_module(file)}:{name}`"
        if one.how == "import" and not one.conditions:
            text = f"`{one.written}` makes `{name}` a module, not an app"
            yield Reason(where, text, f"Write `from {one.stands_for} import {name}`.")
        elif one.how == "unpacked":
            text = f"`{one.written}` assigns `{name}` together with other names, and only a plain "
            text += f"`{name} = ...` counts"
            hint = f"Write `{other} = {name}` in a line of its own below it; {try_it}."
            yield Reason(where, text, hint)
        elif one.how in ("=", "from", "def", "with"):
            text = f"`{one.written}` stands {_inside(one)}, and only the top level counts"
            hint = f"Write `{other} = {name}` at the end of the file, at the top level; {try_it}."
            if MAIN in one.conditions:
                hint = "Move it in front of that."
            yield Reason(where, text, hint)


def _handlers(followed: Followed, file: str, facts: Facts) -> Iterator[Reason]:
    """A handler as AWS Lambda has it: an object or a function."""
    for one in facts.bindings:
        if one.name.lower() != "handler":
            continue
        where = Where(file, line=one.line)
        text = f"`{one.written}` doesn't count: a `handler` must be a class"
        if one.stands_for in _LAMBDA:
            app = _first_argument(facts, one)
            export = f"write `app = {app}`" if app.isidentifier() else "name it `app`"
            yield Reason(where, text, f"Export the app itself: {export}; no Mangum is needed.")
        elif one.how in ("=", "def", "from", "unpacked"):
            hint = "Export an ASGI or WSGI app as `app`, or write "
            yield Reason(where, text, f"{hint}`class handler(BaseHTTPRequestHandler): ...`.")


def _other_names(followed: Followed, file: str, facts: Facts) -> Iterator[Reason]:
    """An app of another name."""
    for one in facts.bindings:
        kind = kind_of_app(followed.meaning(one.stands_for, file))
        if kind is None or one.how not in ("=", "from", "unpacked", "with"):
            continue
        text = f"the {kind} app is named `{one.name}`, and only `app` or `application` counts"
        place = "below it" if not one.conditions else "at the end of the file"
        hint = f"Write `app = {one.name}` {place}; to try it as it is: "
        where = Where(file, line=one.line)
        yield Reason(where, text, f"{hint}`--app {_module(file)}:{one.name}`.")


def _factories(followed: Followed, file: str, facts: Facts) -> Iterator[Reason]:
    """A function that makes the app, which nothing calls."""
    for one in facts.bindings:
        is_function = one.how == "def" or (one.how == "from" and _is_function(followed, file, one))
        kind = kind_of_app(followed.meaning(_result(one), file)) if is_function else None
        if kind is not None:
            text = f"`{one.name}()` makes the {kind} app, and nothing calls it at the top level"
            hint = f"Write `app = {one.name}()` at the end of the file."
            yield Reason(Where(file, line=one.line), text, hint)


def _unfit_objects(followed: Followed, file: str, facts: Facts) -> Iterator[Reason]:
    """An object that can't be served, whatever its name."""
    for one in facts.bindings:
        what = unfit(followed.meaning(one.stands_for, file))
        if what is None or one.how == "def":
            continue
        text = f"`{one.name}` is {what.kind}, which is neither an ASGI nor a WSGI app"
        hint = what.advice
        if what.instead:
            hint = f"Write `app = {what.instead.format(one.name)}` below it."
        yield Reason(Where(file, line=one.line), text, hint)


def _defines_only(file: str, facts: Facts) -> Reason | None:
    names = list(
        dict.fromkeys(one.name for one in facts.bindings if one.how in ("=", "def", "class"))
    )
    if not names:
        return None
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    text = f"it defines {', '.join(names[:_MOST_NAMES])}{more}, and none of them is an app"
    hint = "If one of them is, write `app = NAME` at the end of the file."
    return Reason(Where(file), text, hint)


def _is_function(followed: Followed, file: str, one: Binding) -> bool:
    """Whether an imported name is a function of the project."""
    return followed.meaning(f"{one.stands_for}()", file) != f"{one.stands_for}()"


def _result(one: Binding) -> str:
    return one.stands_for if one.how == "def" else f"{one.stands_for}()"


def _first_argument(facts: Facts, one: Binding) -> str:
    calls = (call for call in facts.calls if call.line == one.line and call.arguments)
    return next((call.arguments[0] for call in calls if f"{call.callee}()" == one.stands_for), "")


def _inside(one: Binding) -> str:
    if MAIN in one.conditions:
        return 'under `if __name__ == "__main__":`'
    if TYPING in one.conditions:
        return "under `if TYPE_CHECKING:`"
    if OPTIONAL in one.conditions:
        return "inside `try`"
    return "inside an `if`, a `try`, a `with` or a loop"


def _module(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
