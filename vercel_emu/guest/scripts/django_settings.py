"""Read a Django project's settings the way a deployment's build does, and print them as JSON.

Runs under the app's own interpreter, standard library only: `python -P THIS MANAGE_PY_FOLDER`.
manage.py itself is executed, with Django's command runner replaced, so whatever way it has to
choose the settings module is the way that counts. Output of user code goes to stderr.
"""

import contextlib
import importlib
import json
import os
import runpy
import sys

NAMES = ("ASGI_APPLICATION", "WSGI_APPLICATION", "STATIC_URL", "STATIC_ROOT")


class Reached(BaseException):
    """manage.py has come to the point where it would run a command."""


def stop(*_args: object, **_kwargs: object) -> None:
    raise Reached


def main() -> None:
    result = os.dup(1)
    os.dup2(2, 1)
    folder = sys.argv[1]
    os.chdir(folder)
    sys.path.insert(0, folder)
    # By name: this file is checked where Django isn't installed.
    management = importlib.import_module("django.core.management")
    management.execute_from_command_line = stop  # type: ignore[attr-defined]
    sys.argv = ["manage.py"]
    with contextlib.suppress(Reached):
        runpy.run_path("manage.py", run_name="__main__")
    module = os.environ.get("DJANGO_SETTINGS_MODULE")
    if not module:
        sys.exit("manage.py did not set DJANGO_SETTINGS_MODULE.")
    settings = importlib.import_module(module)
    values = {name: getattr(settings, name, None) for name in NAMES}
    answer = {name: None if value is None else str(value) for name, value in values.items()}
    sys.stdout.flush()
    os.write(result, json.dumps({"module": module, **answer}).encode())


if __name__ == "__main__":
    main()
