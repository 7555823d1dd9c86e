"""The Python API: an emulator inside a test's or script's process (extra `vercel-emu[testing]`).

In come a folder, a visitor and options as keywords. Out go httpx responses that know their
invocation, the app's logs, and its runtime cache. The emulator runs on a thread and event loop of
its own, so that the code beside it may be sync or async.

Start with `emulator.py` (the public classes) and `core.py` (what they share). `background.py` is
the thread, `http.py` the clients, `invocation.py` and `cache.py` what a test looks at,
`settings.py` where the defaults differ from `vercel-emu dev`, `keywords.py` the options' types.
"""
