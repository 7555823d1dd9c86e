"""Which Python runs the app, and whether it has what the app declares.

In come a project, the options `--python` and `--install`, and the shell's environment. Out go an
`Interpreter`, a plan of what is missing, and, where a person agreed, an environment with it. The
app's interpreter is the app's own, never silently another, and none of its packages are imported.

Start with `interpreter.py` (the order of the search), `manifest.py` (which files count for a
function), then `dependencies.py` (declared against installed) and `installer.py` (what is done
about it, with `commands.py` for uv or pip). `environment.py` looks into an installation,
`installed.py` at its packages, `placed.py` at where they came from; `choice.py` picks a version for
a new one; `declared.py`, `requirements.py` and `workspace.py` read what is declared,
`overlooked.py` what no deployment reads; `dependency_stamp.py` saves doing all that again.
"""
