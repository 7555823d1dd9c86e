"""Django projects: manage.py found, settings read from source or by execution, alike."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.helpers import find_entrypoint, write
from vercel_emu.errors import EmuError
from vercel_emu.project.detection import django
from vercel_emu.project.detection.django_source import read_from_source
from vercel_emu.project.model import DjangoSettings

MANAGE = """\
import os
import sys


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
"""
BASE = "from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\n"
SETTINGS = BASE + 'WSGI_APPLICATION = "site1.wsgi.application"\nSTATIC_URL = "static/"\n'


def make(root: Path, settings: str = SETTINGS, manage: str = MANAGE, base: str = "") -> Path:
    files = {"manage.py": manage, "site1/__init__.py": "", "site1/settings.py": settings}
    write(root / base, files)
    return root


def environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"]}


def read(root: Path, base: str = "", **more: str) -> DjangoSettings:
    return django.read_settings(
        root, base, interpreter=Path(sys.executable), environ={**environ(), **more}
    )


def test_startproject_as_it_is_needs_no_execution(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "django", "startproject", "site1", str(tmp_path)]
    subprocess.run(command, check=True)
    settings = read(tmp_path)
    assert settings.wsgi_application == "site1.wsgi.application"
    assert settings.static_url == "static/"
    assert not settings.executed
    found = find_entrypoint(tmp_path, "django", environ=environ())
    assert (found.file, found.module, found.variable) == (
        "site1/wsgi.py",
        "site1.wsgi",
        "application",
    )


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS + 'ASGI_APPLICATION = "site1.asgi.application"\n',
        SETTINGS + 'STATIC_ROOT = BASE_DIR / "out" / "static"\n',
        SETTINGS + 'STATIC_ROOT = "static-out"\n',
        SETTINGS + "DEBUG = True\nif DEBUG:\n    ALLOWED_HOSTS = ['*']\n",
    ],
)
def test_reading_the_source_equals_executing(tmp_path: Path, settings: str) -> None:
    make(tmp_path, settings)
    quick = read_from_source(tmp_path, "", chosen=None)
    executed = read(tmp_path, DJANGO_SETTINGS_MODULE="site1.settings")
    assert quick is not None
    assert executed.executed
    as_pair = [(s.asgi_application, s.wsgi_application, s.static_url, s.static_root) for s in (quick, executed)]  # fmt: skip # noqa: E501
    assert as_pair[0] == as_pair[1]


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS + "from .local import *\n",
        SETTINGS + "globals().update(WSGI=1)\n",
        SETTINGS + "import os\nif os.environ.get('X'):\n    WSGI_APPLICATION = 'other.app'\n",
        SETTINGS + "NAME = 'x'\nASGI_APPLICATION = NAME + '.y'\n",
        SETTINGS + "def f():\n    ASGI_APPLICATION = 'x.y'\n",
        SETTINGS + "import os\nSTATIC_ROOT = os.path.join(BASE_DIR, 'x')\n",
        SETTINGS.replace(".parent.parent", ".parent") + "STATIC_ROOT = BASE_DIR / 'x'\n",
        "syntax error",
    ],
)
def test_what_is_not_certain_is_not_read_from_source(tmp_path: Path, settings: str) -> None:
    make(tmp_path, settings)
    assert read_from_source(tmp_path, "", chosen=None) is None


@pytest.mark.parametrize(
    "manage",
    [
        MANAGE.replace("import sys", "import sys, dotenv"),
        MANAGE.replace("import sys", "import sys\nfrom web import setup"),
        MANAGE.replace('"site1.settings"', 'os.environ["SETTINGS"]'),
        MANAGE.replace("    os.environ.set", "    if sys.argv:\n        os.environ.set"),
        MANAGE.replace("import sys", "import sys\nos.environ['DJANGO_SETTINGS_MODULE'] = 'a'"),
    ],
)
def test_an_unusual_manage_py_is_not_read_from_source(tmp_path: Path, manage: str) -> None:
    make(tmp_path, manage=manage)
    assert read_from_source(tmp_path, "", chosen=None) is None


def test_asgi_is_preferred_and_computed_settings_are_executed(tmp_path: Path) -> None:
    settings = SETTINGS + "print('noise')\nASGI_APPLICATION = __package__ + '.asgi.application'\n"
    make(tmp_path, settings, base="backend")
    found = find_entrypoint(tmp_path, "django", interpreter=Path(sys.executable), environ=environ())
    assert (found.file, found.variable) == ("backend/site1/asgi.py", "application")
    assert found.base_dir == "backend"


def test_manage_py_in_the_root_then_sorted_visible_subfolders(tmp_path: Path) -> None:
    assert django.find_manage(tmp_path) is None
    for base in (".a", "z", "b"):
        make(tmp_path, base=base)
    assert django.find_manage(tmp_path) == "b"
    write(tmp_path, {"manage.py": "# another tool's"})
    assert django.find_manage(tmp_path) == "b"
    make(tmp_path)
    assert django.find_manage(tmp_path) == ""


def test_without_manage_py_every_subfolder_is_searched(tmp_path: Path) -> None:
    write(tmp_path, {"mysite/wsgi.py": "application = 1"})
    assert find_entrypoint(tmp_path, "django").file == "mysite/wsgi.py"


def test_settings_that_name_no_application(tmp_path: Path) -> None:
    make(tmp_path, "DEBUG = True\n", base="web")
    with pytest.raises(EmuError) as caught:
        find_entrypoint(tmp_path, "django")
    assert caught.value.code == "DJANGO_ENTRYPOINT_NOT_FOUND"
    assert caught.value.message == (
        'Found Django manage.py in "web" but could not resolve the application entrypoint. '
        "Ensure WSGI_APPLICATION or ASGI_APPLICATION is set in your Django settings."
    )


def test_settings_that_raise(tmp_path: Path) -> None:
    make(tmp_path, SETTINGS + "ASGI_APPLICATION = 1 / 0\n")
    with pytest.raises(EmuError) as caught:
        read(tmp_path)
    assert caught.value.code == "DJANGO_SETTINGS_FAILED"
    first, *rest = caught.value.message.splitlines()
    assert first == "Failed to read Django application settings from manage.py:"
    assert rest[-1] == "ZeroDivisionError: division by zero"


def test_an_interpreter_that_is_not_there(tmp_path: Path) -> None:
    make(tmp_path, SETTINGS + "ASGI_APPLICATION = str()\n")
    with pytest.raises(EmuError, match="DJANGO_SETTINGS_FAILED"):
        django.read_settings(tmp_path, "", interpreter=tmp_path / "python", environ={})


@pytest.mark.parametrize("base", ["", "web"])
def test_settings_that_are_no_python_leave_the_app_to_be_served_with_its_error(
    tmp_path: Path, base: str
) -> None:
    make(tmp_path, f"{SETTINGS}X = (\n", base=base)
    write(tmp_path / base, {"site1/wsgi.py": "application = get_wsgi_application()"})
    found = find_entrypoint(tmp_path, "django", interpreter=Path(sys.executable), environ=environ())
    assert (found.file, found.variable) == (f"{base}/site1/wsgi.py".lstrip("/"), "application")
    assert found.base_dir == base
    assert found.fault is not None
    assert found.fault.reason == "SyntaxError: '(' was never closed"
    assert found.fault.file == f"{base}/site1/settings.py".lstrip("/")
    assert found.fault.line == SETTINGS.count("\n") + 1


@pytest.mark.parametrize("settings", ["ASGI_APPLICATION = 1 / 0", "X = ("])
def test_settings_that_fail_otherwise_or_have_no_app_beside_them_are_an_error(
    tmp_path: Path, settings: str
) -> None:
    others = {} if settings == "X = (" else {"site1/wsgi.py": ""}
    write(make(tmp_path, settings), others)
    with pytest.raises(EmuError, match="DJANGO_SETTINGS_FAILED"):
        find_entrypoint(tmp_path, "django", interpreter=Path(sys.executable), environ=environ())
