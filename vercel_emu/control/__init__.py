"""The control listener and how commands find it: what others ask of a running emulator.

In come requests on loopback, with the token of this run: the SDK's cache protocol, and
`/emu/v1/...` from our own commands. Out go JSON answers and the stream of events. A running
emulator announces itself by a small file in `.vercel/emu/run/`, or in the temporary folder.

Start with `app.py` (the listener), then `api.py` (the routes). `cache_routes.py` and
`cdn_routes.py` are the caches' parts; `asked.py` reads what is asked, within bounds. On the
commands' side: `registry.py` finds an emulator, `client.py` asks it, `cache_access.py` works with
or without one. `recorder.py` keeps the last invocations, put together from events; `waiting.py`
waits for what is reported.
"""
