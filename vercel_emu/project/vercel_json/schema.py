"""What vercel.json may contain, as the platform's own JSON schema has it.

Plain tables, read by `vercel_config_faults`. Beyond JSON schema: `values` (every value of an
object), `open` (unknown keys are tolerated) and `quoted` (how the platform writes such a path).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vercel_emu.platform.limits import PATTERN_CHARACTERS, RULES

type Schema = Mapping[str, Any]


def _text(most: int, **more: Any) -> Schema:
    return {"type": "string", "maxLength": most, **more}


def _array(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def _record(properties: Mapping[str, Schema], *required: str, **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": required, **more}


_ANYTHING: Schema = {}
_BOOLEAN: Schema = {"type": "boolean"}
_PATH = _text(PATTERN_CHARACTERS)
_NUMBER: Schema = {"type": "number"}
_STATUS: Schema = {"type": "integer", "minimum": 100, "maximum": 999}
_STRINGS = _array(_PATH)
_ENV_NAMES = _array(_text(256), minItems=1, maxItems=64)
_MATCHABLE: Schema = {
    "anyOf": [
        _PATH,
        _record(
            {
                "eq": {"anyOf": [_PATH, _NUMBER]},
                "neq": _PATH,
                "inc": _STRINGS,
                "ninc": _STRINGS,
                "pre": _PATH,
                "suf": _PATH,
                "re": _PATH,
                "gt": _NUMBER,
                "gte": _NUMBER,
                "lt": _NUMBER,
                "lte": _NUMBER,
            },
            minProperties=1,
        ),
    ]
}
_HOST_CONDITION = _record({"type": {"enum": ["host"]}, "value": _MATCHABLE}, "type", "value")
_KEY_CONDITION = _record(
    {"type": {"enum": ["header", "cookie", "query"]}, "key": _PATH, "value": _MATCHABLE},
    "type",
    "key",
)
_CONDITIONS = _array({"anyOf": [_HOST_CONDITION, _KEY_CONDITION]}, maxItems=16)
_SERVICE = _record({"type": _ANYTHING, "service": _text(64), "path": _PATH}, "service")
_DESTINATION: Schema = {"anyOf": [_PATH, _SERVICE]}
_WHEN = {"has": _CONDITIONS, "missing": _CONDITIONS}

_REWRITE = _record(
    {
        "source": _PATH,
        "destination": _DESTINATION,
        "transforms": _array(_ANYTHING),
        **_WHEN,
        "statusCode": _STATUS,
        "env": _ENV_NAMES,
        "respectOriginCacheControl": _BOOLEAN,
    },
    "source",
    "destination",
)
_REDIRECT = _record(
    {
        "source": _PATH,
        "destination": _PATH,
        "permanent": _BOOLEAN,
        "statusCode": _STATUS,
        **_WHEN,
        "env": _ENV_NAMES,
    },
    "source",
    "destination",
)
_HEADER = _record(
    {
        "source": _PATH,
        "headers": _array(
            _record({"key": _PATH, "value": _text(32768)}, "key", "value"), maxItems=1024
        ),
        **_WHEN,
    },
    "source",
    "headers",
)
_ROUTE = _record(
    {
        "src": _PATH,
        "source": _PATH,
        "dest": _PATH,
        "destination": _DESTINATION,
        "headers": {
            "type": "object",
            "values": _text(32768, quoted=True),
            "minProperties": 1,
            "maxProperties": 100,
        },
        "methods": _array(_text(32), maxItems=10),
        "caseSensitive": _BOOLEAN,
        "important": _BOOLEAN,
        "user": _BOOLEAN,
        "continue": _BOOLEAN,
        "override": _BOOLEAN,
        "check": _BOOLEAN,
        "isInternal": _BOOLEAN,
        "status": _STATUS,
        "statusCode": _STATUS,
        "locale": _ANYTHING,
        "middleware": _NUMBER,
        "middlewarePath": _PATH,
        "middlewareRawSrc": _STRINGS,
        **_WHEN,
        "mitigate": _ANYTHING,
        "transforms": _array(_ANYTHING),
        "env": _ENV_NAMES,
        "respectOriginCacheControl": _BOOLEAN,
        "handle": _text(32),
    }
)
_FUNCTION = _record(
    {
        "architecture": {"type": "string", "enum": ["x86_64", "arm64"]},
        "runtime": _text(256),
        # Their ranges have codes of their own: see `vercel_config_functions`.
        "memory": _ANYTHING,
        "maxDuration": _ANYTHING,
        "affinity": {"type": "object"},
        "maxConcurrency": {"type": "integer", "minimum": 1, "maximum": 8192},
        "regions": _STRINGS,
        "functionFailoverRegions": _STRINGS,
        "includeFiles": _text(256),
        "excludeFiles": _text(256),
        "experimentalTriggers": _array(_ANYTHING),
        "supportsCancellation": _BOOLEAN,
    }
)
_TEXT: Schema = {"type": "string"}
_TABLES: Schema = {"type": "object", "values": {"type": "object"}}
_SERVICES: Schema = {
    "type": "object",
    "values": {
        "type": "object",
        "open": True,
        "required": (),
        "properties": {"root": _TEXT, "workspace": _TEXT, "entrypoint": _TEXT, "runtime": _TEXT},
    },
}
_OPTIONAL_TEXT: Schema = {"type": "string", "nullable": True}
_ENV: Schema = {"type": "object", "values": {"type": "string"}}

SCHEMA: Schema = {
    "type": "object",
    "open": True,
    "required": (),
    "properties": {
        "builds": _array(
            _record(
                {"src": _PATH, "use": _text(256, minLength=3), "config": {"type": "object"}}, "use"
            ),
            maxItems=128,
        ),
        "routes": _array(_ROUTE),
        "cleanUrls": _BOOLEAN,
        "headers": _array(_HEADER, maxItems=RULES),
        "redirects": _array(_REDIRECT, maxItems=RULES),
        "rewrites": _array(_REWRITE, maxItems=RULES),
        "trailingSlash": _BOOLEAN,
        "functions": {
            "type": "object",
            "values": {**_FUNCTION, "quoted": True},
            "minProperties": 1,
            "maxProperties": 50,
        },
        "crons": _array(
            _record(
                {
                    "path": _text(512, minLength=1, pattern="^/.*"),
                    "schedule": _text(256, minLength=9),
                },
                "path",
                "schedule",
            )
        ),
        # An array in the platform's own schema, an object by name in its newest documentation.
        "schedules": {"anyOf": [_array({"type": "object"}, maxItems=100), _TABLES]},
        "services": _SERVICES,
        "experimentalServicesV2": _SERVICES,
        "experimentalServices": _SERVICES,
        "experimentalServiceGroups": {"type": "object", "values": _array(_text(256, minLength=1))},
        "daemons": {**_TABLES, "maxProperties": 100},
        "proxy": _record(
            {"entrypoint": _text(256, minLength=1), "matcher": _ANYTHING}, "entrypoint"
        ),
        "regions": _array({"type": "string"}),
        "outputDirectory": _OPTIONAL_TEXT,
        "framework": _OPTIONAL_TEXT,
        "buildCommand": _OPTIONAL_TEXT,
        "installCommand": _OPTIONAL_TEXT,
        "devCommand": _OPTIONAL_TEXT,
        "ignoreCommand": _OPTIONAL_TEXT,
        "env": _ENV,
        "build": {
            "type": "object",
            "open": True,
            "required": (),
            "properties": {"env": _ENV},
        },
    },
}

_OTHER_KEYS = {
    *("$schema", "alias", "autoAlias", "bulkRedirectsPath", "bunVersion", "fluid", "git", "github"),
    *("functionFailoverRegions", "images", "name", "passiveRegions", "public", "relatedProjects"),
    *("scope", "version", "wildcard"),
}
KNOWN_KEYS = tuple(sorted({*SCHEMA["properties"], *_OTHER_KEYS}))
"""Every top-level key that the platform reads somewhere."""
