"""A running emulator: builds every part, wires, starts, follows changes, stops.

In come a folder and options. Out goes a `RunningProject`: the two listeners, the functions' pools,
the stores, and the tasks that look after them. Commands, the Python API and the pytest plugin all
start one through `running`. It knows nearly every other room, and decides little itself.

Start with `prepare.py` (everything a start needs, without starting anything), then `project.py`
(what the parts share while it runs), `start.py` and `serve.py` (build and wire them, in order).
`addresses.py` binds what `--listen` says and has the certificate of `--https`.
`reloading.py` does what a changed file asks for, `function_set.py` keeps the pools as vercel.json
and `api/` have them, `upkeep.py` ends idle functions, `memory_watch.py` looks at their memory,
`django_static.py` publishes Django's static files, `static_building.py` runs the commands that make
others, `installed_copies.py` knows packages that don't follow their sources.
"""
