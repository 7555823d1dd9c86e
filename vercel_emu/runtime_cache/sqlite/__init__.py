"""The runtime cache in one SQLite file: schema, queries, the file's own troubles, the store.

In come the operations of a `Store`; out go items. What takes microseconds runs on the event loop,
the rest in threads with connections of their own. An acknowledged write survives the end of the
process, and a file that turns out broken is set aside.

Start with `store.py` (what each operation does and where it runs), then `queries.py` (every SQL
statement) and `schema.py`. `database.py`, `file.py` and `faults.py` are about the file;
`keeper.py`, `upkeep.py`, `usage.py` and `worker.py` do what no request waits for.
"""
