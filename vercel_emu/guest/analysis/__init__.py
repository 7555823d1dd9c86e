"""What a Python file says about itself, read from its syntax tree; nothing of it is run.

In comes the source of a file, as bytes. Out go values: why it is no Python, which app it exports,
what it imports and calls when it is imported. Used in two ways: imported by the emulator, and run
by the app's own interpreter (`answer.py`), whose grammar may be another one.

Standard library only. Start with `facts.py` (the values) and `parse.py` (source to tree);
`exports.py` finds the app, `statements.py` goes through a module's statements and knows under
which conditions each is reached, `names.py` knows what a name stands for, `imports.py`, `calls.py`,
`reads.py`, `bindings.py` and `values.py` read the rest.
"""
