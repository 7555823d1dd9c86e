"""What the platform fixes, once: every fact that other rooms ask for instead of writing it again.

Nothing comes in but values, and nothing here knows a project, a process or a socket. Out go header
names, size limits and whether a request passes them, regions and which of them is nearest, and
cron expressions as the platform reads them.

Start with `header_names.py`, the words of the whole protocol; then `limits.py` (plain checks) and
`limits_table.py` (what `vercel-emu limits` lists, from the values that are enforced). `regions.py`
and `cron.py` stand alone.
"""
