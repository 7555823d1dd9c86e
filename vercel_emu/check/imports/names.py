"""Which distributions bring a module, and which modules Python has itself.

A wheel says what it brings only once it is downloaded. For what is not installed there is a table
of well-known names; and where a name is not in it, only how alike the two names are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from packaging.utils import canonicalize_name

_REMOVED: Mapping[str, tuple[int, int]] = {
    name: version
    for version, names in {
        (3, 12): "asynchat asyncore distutils imp smtpd",
        (3, 13): "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib "
        "ossaudiodev pipes sndhdr spwd sunau telnetlib uu xdrlib",
    }.items()
    for name in names.split()
}
"""Modules of the standard library, with the first Python that has them no longer."""
_ADDED: Mapping[str, tuple[int, int]] = {"annotationlib": (3, 14), "compression": (3, 14)}
_OF_THE_RUNTIME = frozenset({"vercel_runtime", "__main__"})
"""What every Python function of the platform can import."""
_ALWAYS_WITH: Mapping[str, frozenset[str]] = {
    name: frozenset(others.split())
    for name, others in {
        "django": "asgiref sqlparse",
        "djangorestframework": "django",
        "fastapi": "starlette pydantic typing-extensions anyio",
        "flask": "werkzeug jinja2 click itsdangerous markupsafe",
        "flask-cors": "flask werkzeug",
        "flask-login": "flask werkzeug",
        "flask-sqlalchemy": "flask sqlalchemy",
        "flask-wtf": "flask wtforms itsdangerous",
        "httpx": "httpcore anyio certifi idna",
        "jinja2": "markupsafe",
        "pandas": "numpy python-dateutil",
        "pydantic": "typing-extensions",
        "pydantic-settings": "pydantic python-dotenv",
        "quart": "werkzeug jinja2 click hypercorn",
        "requests": "urllib3 certifi idna",
        "scikit-learn": "numpy scipy joblib",
        "sqlmodel": "sqlalchemy pydantic",
        "starlette": "anyio",
    }.items()
}
"""What certainly comes with each of these, so that nothing needs to be resolved for it."""
SHARED = ("google", "azure", "opentelemetry", "vercel", "zope")
"""Namespaces of several distributions, most of them named like their modules, with hyphens."""


def is_pythons_own(module: str, version: tuple[int, int]) -> bool:
    """Whether a top-level module comes with this Python, or with the platform's runtime."""
    if module in _REMOVED:
        return version < _REMOVED[module]
    if module in _ADDED:
        return version >= _ADDED[module]
    return module in sys.stdlib_module_names or module in _OF_THE_RUNTIME


def was_removed(module: str, version: tuple[int, int]) -> bool:
    """Whether earlier Pythons had this module, and this one hasn't."""
    return module in _REMOVED and version >= _REMOVED[module]


def known_distributions(module: str) -> tuple[str, ...]:
    """The distributions that bring a dotted module, the one to recommend first; or none known."""
    parts = module.split(".")
    for count in range(len(parts), 0, -1):
        if found := _table().get(".".join(parts[:count])):
            return found
    return ()


def always_with(distributions: Iterable[str]) -> set[str]:
    """These distributions, and those that certainly come with them."""
    found: set[str] = set()
    pending = list(distributions)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += _ALWAYS_WITH.get(name, ())
    return found


def is_known(distribution: str) -> bool:
    """Whether the table says what a distribution (by its canonical name) brings."""
    return distribution in _known()


def may_bring(distributions: Iterable[str], module: str) -> bool:
    """Whether one of the distributions is named so much like the module that it may bring it."""
    top_level = module.partition(".")[0]
    if top_level in SHARED:
        return _shares_namespace(distributions, module)
    names = [_squeezed(one) for one in distributions]
    wanted = _squeezed(top_level)
    return any(wanted in name or (len(name) > 3 and name in wanted) for name in names)


def _shares_namespace(distributions: Iterable[str], module: str) -> bool:
    """`azure.storage.blob` is in `azure-storage-blob`, and perhaps in `azure-storage`."""
    dashed = f"{canonicalize_name(module)}-"
    starts = [f"{one}-" for one in distributions]
    return any(dashed.startswith(start) and start.count("-") > 1 for start in starts)


def _squeezed(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(".", "")


@cache
def _table() -> dict[str, tuple[str, ...]]:
    """Module -> canonical names of the distributions that bring it."""
    text = (resources.files("vercel_emu.check.imports") / "modules.txt").read_text("utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        module, colon, names = line.partition(": ")
        if line.startswith("#"):
            continue
        if colon:
            found[module] = tuple(map(canonicalize_name, names.split()))
        else:
            found.update((name, (canonicalize_name(name),)) for name in line.split())
    return found


@cache
def _known() -> frozenset[str]:
    return frozenset(name for names in _table().values() for name in names)
