"""vercel.json, checked as the platform checks it, and then never a raw dict again.

In comes the file of a project, vercel.json or vercel.toml. Out goes a `VercelConfig` of frozen
rules with warnings for what has no effect here, or the first fault with the platform's message and
a hint.

Start with `reader.py`, then `model.py` (the values). `schema.py` says what may be in the file, as
plain tables; `faults.py` finds the first thing the platform would refuse; `functions.py` reads the
settings of each glob in `functions`, `services.py` what is declared of services.
"""
