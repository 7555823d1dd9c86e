"""Every limit of the platform, with its value, its source and what this emulator does about it.

The values come from the modules that enforce them, so that table and behaviour can't disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from vercel_emu.platform import limits

DOCS = "https://vercel.com/docs/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One limit. `here` is `enforced`, `reported`, `checked` (by `vercel-emu check`) or `no`.

    `option` says what lifts it, or what makes a reported one an error.
    """

    name: str
    value: str
    here: str
    option: str = ""
    error: str = ""
    source: str = ""


def limits_table() -> tuple[Limit, ...]:
    """All of them, in the order a request meets them."""
    return (*_of_requests(), *_of_functions(), *_of_caches(), *_of_deployments())


def _of_requests() -> tuple[Limit, ...]:
    sizes = "--no-limits"
    source = f"{DOCS}functions/limitations"
    return (
        Limit(
            name="URL",
            value=_size(limits.URL_BYTES),
            here="enforced",
            option=sizes,
            error="414 URL_TOO_LONG",
            source=f"{DOCS}errors/URL_TOO_LONG",
        ),
        Limit(
            name="one request header",
            value=_size(limits.HEADER_BYTES),
            here="enforced",
            option=sizes,
            error="431 REQUEST_HEADER_TOO_LARGE",
            source=f"{DOCS}errors/REQUEST_HEADER_TOO_LARGE",
        ),
        Limit(
            name="all request headers",
            value=_size(limits.HEADERS_BYTES),
            here="enforced",
            option=sizes,
            error="431 REQUEST_HEADER_TOO_LARGE",
            source=f"{DOCS}errors/REQUEST_HEADER_TOO_LARGE",
        ),
        Limit(
            name="request body",
            value=_megabytes(limits.BODY_BYTES),
            here="enforced",
            option=sizes,
            error="413 FUNCTION_PAYLOAD_TOO_LARGE",
            source=source,
        ),
        Limit(
            name="response body that is not streamed",
            value=_megabytes(limits.BODY_BYTES),
            here="enforced",
            option=sizes,
            error="500 FUNCTION_RESPONSE_PAYLOAD_TOO_LARGE",
            source=source,
        ),
        Limit(
            name="calls of the deployment to itself, nested",
            value=f"{limits.SELF_CALLS} deep (the platform tells no number)",
            here="enforced",
            option=sizes,
            error="508 INFINITE_LOOP_DETECTED",
            source=f"{DOCS}errors/INFINITE_LOOP_DETECTED",
        ),
    )


def _of_functions() -> tuple[Limit, ...]:
    source = f"{DOCS}functions/limitations"
    return (
        Limit(
            name="duration",
            value=f"{limits.DEFAULT_MAX_DURATION} s; maxDuration up to "
            f"{limits.HOBBY_MAX_DURATION} s (Hobby), {limits.PRO_MAX_DURATION} s (Pro)",
            here="enforced",
            option="--max-duration",
            error="504 FUNCTION_INVOCATION_TIMEOUT",
            source=f"{DOCS}functions/configuring-functions/duration",
        ),
        Limit(
            name="memory",
            value=f"{limits.DEFAULT_MEMORY_MB:,} MB; `memory` up to "
            f"{limits.PRO_MEMORY_MB:,} MB (Pro)",
            here="reported",
            option="--strict-memory",
            error="500 FUNCTION_INVOCATION_FAILED",
            source=f"{DOCS}functions/configuring-functions/memory",
        ),
        Limit(
            name="file system",
            value="read-only, but for /tmp",
            here="reported",
            option="--strict-fs",
            error="OSError: [Errno 30] Read-only file system",
            source=f"{DOCS}functions/runtimes",
        ),
        Limit(
            name="/tmp",  # noqa: S108
            value="500 MB",
            here="no",
            source=f"{DOCS}functions/runtimes",
        ),
        Limit(
            name="file descriptors",
            value=f"{limits.FILE_DESCRIPTORS:,} for an instance; the emulator itself keeps its own",
            here="enforced",
            option="--no-limits",
            error="OSError: [Errno 24] Too many open files",
            source=source,
        ),
    )


def _of_caches() -> tuple[Limit, ...]:
    return (
        Limit(
            name="runtime cache: one item",
            value=_megabytes(limits.CACHE_ITEM_BYTES, 1024 * 1024),
            here="enforced",
            error="413 Cache item is too large",
            source=f"{DOCS}functions/functions-api-reference",
        ),
        Limit(
            name="runtime cache: tags",
            value=f"{limits.CACHE_TAGS} for an item, {limits.CACHE_TAG_BYTES} bytes each",
            here="enforced",
            source=f"{DOCS}functions/functions-api-reference",
        ),
        Limit(
            name="CDN cache: one response",
            value=f"{_megabytes(limits.CDN_RESPONSE_BYTES, 1024 * 1024)}; "
            f"s-maxage up to {limits.CDN_MAX_AGE:,} s",
            here="enforced",
            option="--cdn-cache",
            source=f"{DOCS}edge-cache",
        ),
        Limit(
            name="CDN cache: Vercel-Cache-Tag",
            value=f"{limits.CACHE_TAGS} tags, {limits.CACHE_TAG_BYTES} bytes each",
            here="enforced",
            option="--cdn-cache",
            source=f"{DOCS}edge-cache/purge",
        ),
    )


def _of_deployments() -> tuple[Limit, ...]:
    return (
        Limit(
            name="bundle of a Python function",
            value=f"{_megabytes(limits.BUNDLE_BYTES, 1024 * 1024)} uncompressed",
            here="checked",
            error="build error",
            source=f"{DOCS}functions/limitations",
        ),
        Limit(
            name="environment variables",
            value=f"{_size(limits.ENVIRONMENT_BYTES)} together",
            here="checked",
            error="deployment error",
            source=f"{DOCS}environment-variables",
        ),
        Limit(
            name="cron jobs",
            value=f"{limits.CRONS} for a project; on Hobby at most one run a day each",
            here="checked",
            error="deployment error",
            source=f"{DOCS}cron-jobs/usage-and-pricing",
        ),
        Limit(
            name="redirects, rewrites, headers",
            value=f"{limits.RULES:,} each; patterns of {limits.PATTERN_CHARACTERS:,} characters",
            here="enforced",
            error="INVALID_VERCEL_CONFIG",
            source=f"{DOCS}project-configuration",
        ),
    )


def _size(count: int) -> str:
    return f"{count // 1024} KB"


def _megabytes(count: int, unit: int = 1_000_000) -> str:
    return f"{count / unit:g} MB"
