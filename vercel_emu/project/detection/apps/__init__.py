"""What the source tells of an app before it runs: what it is, and why it can't be served.

In come facts of files (`guest/analysis/`). Out go places with the reason and the line to write.

`followed.py` reads the files that the app imports, and what a name in them stands for; `known.py`
knows the objects of widely used libraries; `near_misses.py` says why a file exports nothing that a
deployment would run, `unfit.py` whether the one that it exports can be
served, `servers.py` which call at import never returns.
"""
