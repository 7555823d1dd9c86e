"""Names and signatures, compared with `inspect`."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from typing import Any

from tests.functions_api.differential.cases import Case, World, add, case

MODULES = {
    "vercel.functions": None,
    "vercel.functions.aio": None,
    "vercel.env": None,
    "vercel.headers": None,
    "vercel.cache": None,
    "vercel.cache.aio": None,
    "vercel.cache.cache_build": ["BuildCache", "AsyncBuildCache", "RuntimeCacheError"],
    "vercel.cache.cache_in_memory": ["InMemoryCache", "AsyncInMemoryCache"],
    "vercel.cache.context": ["get_context", "set_context", "get_headers", "set_headers"],
    "vercel.cache.purge": ["invalidate_by_tag", "dangerously_delete_by_tag"],
    "vercel.cache.runtime_cache": [
        "AsyncRuntimeCache",
        "RuntimeCache",
        "get_cache",
        "prime_runtime_cache",
        "remember_cache",
        "resolve_cache",
    ],
    "vercel.cache.types": ["AsyncCache", "AsyncPurgeAPI", "Cache", "PurgeAPI"],
    "vercel.cache.utils": ["create_key_transformer", "default_key_hash_function"],
}


def shape(thing: Any) -> Any:
    """Parameters (name, kind, default) of a function; of a class, also of its public methods."""
    if inspect.isclass(thing):
        methods = {
            name: shape(member)
            for name, member in inspect.getmembers(thing, inspect.isfunction)
            if not name.startswith("_") or name in ("__contains__", "__getitem__")
        }
        bases = [base.__name__ for base in thing.__mro__[1:]]
        fields: list[Any] = []
        if dataclasses.is_dataclass(thing):
            fields = [(field.name, _default(field.default)) for field in dataclasses.fields(thing)]
        if hasattr(thing, "__total__"):
            fields = sorted(thing.__annotations__)
        return (attempt_signature(thing), sorted(methods.items()), bases, fields)
    if callable(thing):
        return (attempt_signature(thing), inspect.iscoroutinefunction(thing))
    return type(thing).__name__


def attempt_signature(thing: Any) -> Any:
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    return [(p.name, p.kind.name, _default(p.default)) for p in parameters]


def _default(value: object) -> str:
    return type(value).__name__ if "object at 0x" in repr(value) else repr(value)


def _all_of(module: str) -> Case:
    return lambda _: sorted(getattr(importlib.import_module(module), "__all__", ()))


def _shape_of(module: str, name: str) -> Case:
    return lambda _: shape(getattr(importlib.import_module(module), name))


PUBLIC = {
    "vercel.functions": "get_env Env geolocation Geo ip_address get_headers set_headers"
    " RuntimeCache AsyncRuntimeCache get_cache wait_until get_deadline",
    "vercel.env": "Env get_env",
    "vercel.headers": "ip_address geolocation Geo HeadersContext set_headers get_headers"
    " headers_from_asgi_scope headers_from_wsgi_environ",
    "vercel.cache": "RuntimeCache RuntimeCacheError AsyncRuntimeCache get_cache prime_runtime_cache"
    " invalidate_by_tag dangerously_delete_by_tag",
    "vercel.cache.aio": "get_cache AsyncRuntimeCache",
}

for module_name, names in MODULES.items():
    if names is None:
        add(f"all_{module_name}", _all_of(module_name), stateless=True)
        names = PUBLIC.get(module_name, "").split()
    for public_name in names:
        add(
            f"shape_{module_name}.{public_name}",
            _shape_of(module_name, public_name),
            stateless=True,
        )


@case
def constants(_: World) -> Any:
    import vercel.cache.cache_build as cache_build
    import vercel.headers as headers

    found = {name: value for name, value in vars(headers).items() if name.isupper()}
    found.update({name: value for name, value in vars(cache_build).items() if "VERCEL" in name})
    found.pop("P", None)
    found.pop("R", None)
    return dict(sorted(found.items()))
