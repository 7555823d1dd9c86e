"""A deterministic HTTP fuzzer against real emulators.

`generate.py` turns a seed and an index into one whole connection: requests that are wrong in odd
ways, and what the app shall answer. `run.py` plays batches of them (`client.py`) at three apps
(`apps/`), with well-behaved clients beside them (`canaries.py`), and asks after each batch whether
anything came through that must not (`oracle.py`). What fails is replayed alone and made smaller
(`shrink.py`). `python -m tests.fuzz --help` says how to run it by hand.
"""
