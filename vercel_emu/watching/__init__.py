"""Which files changed, and what that means for a running project.

    inotify / watchfiles / polling -> Watcher (settles bursts, compares) -> meaning of the change

In come the project's folder and the rules of what is watched. Out go complete changes: seen at
once, so that no request overtakes a save, and told when the burst has settled.

Start with `watcher.py` and `meaning.py`. `rules`, `settling` and `meaning` are decisions on
values; the sources (`sources.py`, `inotify.py`), `tree.py` and the watcher do the input and
output. `packages.py` notices that something was installed into the app's environment.
"""
