"""Programs that the emulator runs under the app's own interpreter, to ask what only it can tell.

In come arguments; out goes JSON on standard output. Standard library only, and Django where it is
the app's own. `django_settings.py` reads a project's settings as a build does; `django_static.py`
finds or collects its static files.
"""
