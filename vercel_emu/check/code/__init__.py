"""What the code does that a deployment does not take, read from its source.

In comes a project. Out go findings. Start with `faults.py`, which has the files that the functions
reach read once (the room `imports/` follows them) and asks every rule: `at_import.py` for what is
done while the app is imported (writes, the runtime cache), `bundle.py` for files that are read and
not deployed, `loops.py` for redirects of vercel.json and of the app that lead to each other.
`routes.py` finds the app's routes, `paths.py` works out what a path in the source would be in a
deployment.
"""
