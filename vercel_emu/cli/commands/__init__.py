"""The commands, one file each, named as they are called; `cache/` is a group with files of its
own.

In come what click has parsed. Each asks the rooms for values, shows them as text or, with
`--json`, in the shape that its help describes, and sets the exit code.
`vercel_emu/cli/__init__.py` lists them.

Start with `dev.py`, or with `limits.py`, the smallest.
"""
