"""`vercel-emu check`: what would differ or fail in a deployment of the project.

In comes a folder. Out goes a `Report` of `Finding`s, each an error or a warning with its place and
what to do. Nothing is started or installed, and every part is read on its own, so that one fault
never hides another.

Start with `check.py` (which asks the others in order) and `model.py` (the values). `config.py`
finds every fault of vercel.json, `rules.py` rules that no request reaches, `packages.py` what is
installed and how large it is, `manifests.py` the files that no deployment reads, `python.py` the
version it takes, `start.py` why a function could not start. What the code needs and does is read
in the rooms `imports/` and `code/`.
"""
