"""Whether the app that a deployment would take can be served at all, as far as its source tells."""

from __future__ import annotations

from vercel_emu.errors import Where
from vercel_emu.project.detection.apps.followed import Followed
from vercel_emu.project.detection.apps.known import Unfit, unfit
from vercel_emu.project.detection.apps.near_misses import Reason
from vercel_emu.project.model import Entrypoint


def unfit_app(followed: Followed, entrypoint: Entrypoint) -> Reason | None:
    """Why the app is surely none, and what to write; None where it may be one."""
    file, name = entrypoint.file, entrypoint.variable
    binding = followed.binding(file, name)
    if binding is None:
        return None
    meaning = followed.meaning(binding.stands_for, file)
    what = unfit(meaning)
    if what is None or binding.how not in ("=", "from"):
        return None
    text = f"`{name}` is {what.kind}, which is neither an ASGI nor a WSGI app"
    hint = _instead(followed, entrypoint, what, meaning) if what.instead else what.advice
    return Reason(Where(file, line=binding.line), text, hint)


def _instead(followed: Followed, entrypoint: Entrypoint, what: Unfit, meaning: str) -> str:
    """How to name an app that the object has, or that can be made of it."""
    file, name = entrypoint.file, entrypoint.variable
    wanted = what.instead.format(meaning)
    for other in followed.files[file].bindings:
        if other.how == "=" and followed.meaning(other.stands_for, file) == wanted:
            setting = f'entrypoint = "{entrypoint.module}:{other.name}"'
            return (
                f"`{other.name}` is one: write `{setting}` under [tool.vercel] in pyproject.toml."
            )
    inner = what.name if what.name != name else f"{what.name}_object"
    made = what.instead.format(inner)
    return f"Call it `{inner}`, and write `{name} = {made}` below it."
