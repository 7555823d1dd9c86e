"""The runtime cache on a Redis or Valkey server, shared by a team, several machines or CI.

In come the operations of a `Store`; each becomes one script that runs inside the server, one round
trip. Out go items, with the same semantics as the other stores; the tests are the same.

Start with `store.py`, then `scripts.py` (what runs in the server). `keys.py` names the keys there,
`connect.py` connects to what `--cache` names, `troubles.py` says what a server's errors mean.
Imported only when asked for (extra
`vercel-emu[redis]`).
"""
