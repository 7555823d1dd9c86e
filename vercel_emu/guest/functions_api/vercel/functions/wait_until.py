"""Work that goes on after the response."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable

from ..cache.context import get_context


def wait_until(awaitable: Awaitable[object]) -> None:
    """Keep the invocation alive until `awaitable` is done; the response doesn't wait for it.

    It must end within the function's maximum duration, isn't repeated if it fails, and is no
    queue. For blocking work: `wait_until(asyncio.to_thread(func))`. Outside an invocation nothing
    is run.
    """
    given: object = awaitable
    if not inspect.isawaitable(given):
        problem = f"wait_until can only be called with an awaitable, got {type(given).__name__}"
        if callable(given):
            problem += "; call it first, or wrap synchronous work in asyncio.to_thread(...)"
        raise TypeError(problem)
    register = get_context().wait_until
    if register is not None:
        register(awaitable)
    elif inspect.iscoroutine(awaitable):
        awaitable.close()  # it will never run; without this Python warns that it wasn't awaited
