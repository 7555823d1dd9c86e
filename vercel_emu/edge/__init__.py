"""Every visitor's request, from its first byte to the end of the response; the data plane.

    admission (limits, visitor, route) -> function, file, redirect, other origin

In come exchanges from `transport/`. Out go responses with the platform's headers, statuses and
codes, and an event for each. Who asks, what is refused, where it goes and which headers travel are
decided by plain functions; this room performs them in order.

Start with `app.py` (`build_edge` shows the parts), then `admission.py` (where a request goes),
`invoker.py` (one invocation) and `attempt.py` (one try with one instance). `request.py`,
`request_headers.py`, `call.py` and `ids.py` are the values of a request, `failure.py` how it ends
without a response; `upload.py` is its body; `external.py` passes it to another origin; `cached.py`
puts the CDN cache before the function; `loops.py` sees a function that calls itself;
`page_reload.py` reloads open pages.
"""
