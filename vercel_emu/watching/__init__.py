"""Which files changed, and what that means for a running project.

    inotify / watchfiles / polling -> Watcher (settles bursts, compares) -> meaning of the change

`rules` and `meaning` are decisions on values; the sources and the watcher do the input and output.
"""
