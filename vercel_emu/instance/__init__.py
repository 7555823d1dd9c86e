"""The instances of a function: the child processes in which `vercel_runtime` runs user code.

In come requests for an instance (`acquire`, from the edge) and changes of the code (from the
emulator). Out go instances that are ready to take a request, and events about everything they say
and do. A pool serves one function; it performs what a state machine decides.

Start with `lifecycle.py`: the whole life as events in and commands out, without a process, clock
or socket. `pool.py` performs, `startup.py` brings an instance up, `instance.py` has the values.
`gate.py` is where requests wait for new code, `waiting.py` what takes time, `reports.py` turns
messages into events, `invocations.py` counts what runs, `retry.py` says when a failed start is
tried again. `standby_learning.py` and `learned_imports.py` are what a warm standby does ahead,
`own_files.py` which files concern a function, `own_writes.py` what the app wrote itself;
`debug_port.py` serves `--debugpy`.
"""
