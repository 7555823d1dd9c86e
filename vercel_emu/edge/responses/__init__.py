"""What goes back to the client, where it is not the function's own body.

In come the outcome of routing, a `Failure` or a function's response head. Out go statuses, headers
and bodies as the platform makes them; a browser gets a page that also shows the user's traceback.

Start with `failures.py` (codes, statuses, bodies) and `headers.py` (a function's headers to the
client's). `explain.py` says what a person needs to know of a failure, `error_page.py` draws it,
`platform_responses.py` sends redirects, statuses and failures, `static_file.py` files.
"""
