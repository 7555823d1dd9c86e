"""Find, and where it is needed collect, a Django project's static files, as a build does.

Runs under the app's own interpreter, standard library only:
`python -P THIS MANAGE_PY_FOLDER SETTINGS_MODULE TARGET`. Prints JSON. Only storages that make files
of their own (hashed, compressed) need `collectstatic`; what others publish lies in the source
folders already, and is served from there as it is at that moment.
"""

import contextlib
import importlib
import json
import os
import shutil
import sys
from typing import Any

PLAIN_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
PLAIN_FINDERS = (
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
)
REMOTE_STORAGES = "storages.backends."


def main() -> None:
    result = os.dup(1)
    os.dup2(2, 1)
    folder, module, target = sys.argv[1:4]
    os.chdir(folder)
    sys.path.insert(0, folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = module
    answer = examine(target)
    sys.stdout.flush()
    os.write(result, json.dumps(answer).encode())


def examine(target: str) -> dict[str, Any]:
    """What a deployment would publish."""
    # By name: this file is checked where Django isn't installed.
    settings = importlib.import_module("django.conf").settings
    own_root = settings.STATIC_ROOT
    publishes = bool(own_root or getattr(settings, "WHITENOISE_USE_FINDERS", False))
    answer: dict[str, Any] = {"url": settings.STATIC_URL, "publishes": publishes, "folders": []}
    if "django.contrib.staticfiles" not in settings.INSTALLED_APPS:
        return {**answer, "url": None}
    storage = storage_name(settings)
    if storage.startswith(REMOTE_STORAGES):
        return {**answer, "url": None}
    if own_root:
        settings.STATIC_ROOT = f"{target}.new"
    importlib.import_module("django").setup()
    finders = importlib.import_module("django.contrib.staticfiles.finders")
    answer["folders"] = source_folders(finders)
    plain = storage == PLAIN_STORAGE and set(settings.STATICFILES_FINDERS) <= set(PLAIN_FINDERS)
    if own_root and not plain:
        answer |= collect(str(own_root), target)
    return answer


def storage_name(settings: Any) -> str:
    storages = getattr(settings, "STORAGES", None) or {}
    default = getattr(settings, "STATICFILES_STORAGE", PLAIN_STORAGE)
    return str(storages.get("staticfiles", {}).get("BACKEND") or default)


def source_folders(finders: Any) -> list[list[str]]:
    """`[prefix, folder]` of every place where files are looked for, the first wins."""
    found = []
    for finder in finders.get_finders():
        for storage in getattr(finder, "storages", {}).values():
            location = getattr(storage, "location", None)
            if location:
                found.append([getattr(storage, "prefix", None) or "", str(location)])
    return found


def collect(own_root: str, target: str) -> dict[str, Any]:
    """Run `collectstatic`; its manifest goes where the app will look for it, as in a build."""
    new = f"{target}.new"
    shutil.rmtree(new, ignore_errors=True)
    command = importlib.import_module("django.core.management").call_command
    command("collectstatic", interactive=False, verbosity=0)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(new, target)
    storage = importlib.import_module("django.contrib.staticfiles.storage").staticfiles_storage
    name = getattr(storage, "manifest_name", None)
    if not name:
        return {"collected": target}
    manifest = os.path.abspath(os.path.join(own_root, name))
    is_new = put_manifest(os.path.join(target, name), manifest)
    return {"collected": target, "manifest": manifest, "manifest_is_new": is_new}


def put_manifest(source: str, destination: str) -> bool:
    """Copy the manifest; False where the same is there already."""
    with open(source, "rb") as file:
        data = file.read()
    with contextlib.suppress(OSError), open(destination, "rb") as file:
        if file.read() == data:
            return False
    os.makedirs(os.path.dirname(destination), exist_ok=True)
    with open(destination, "wb") as file:
        file.write(data)
    return True


if __name__ == "__main__":
    main()
