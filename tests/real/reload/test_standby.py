"""With a standby everything is as without: libraries see the same environment and order."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.real.environments import environment_with
from tests.real.support import Emulation, emulation, wait_until
from vercel_emu import events

LIBRARY = """
import atexit, os, threading
SEEN = {name: os.environ.get(name, "") for name in ("COLOUR", "SET_BY_APP", "VERCEL_REGION")}
STARTED = threading.Event()
thread = threading.Thread(target=STARTED.set, name="library-thread")
thread.start()
TARGET = os.environ.get("ATEXIT_FILE", "")
@atexit.register
def goodbye():
    if TARGET:
        with open(TARGET, "a") as file:
            file.write("bye\\n")
os.environ["SET_BY_LIBRARY"] = "1"
"""
APP = """
{first}
import json, os, sys, threading
{second}
VERSION = {version}

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({{"type": message["type"] + ".complete"}})
            if message["type"] == "lifespan.shutdown":
                return
    answer = {{
        "version": VERSION,
        "seen": sys.modules["somelib"].SEEN if "somelib" in sys.modules else None,
        "started": "somelib" in sys.modules and sys.modules["somelib"].STARTED.is_set(),
        "environ": {{name: os.environ.get(name) for name in
            ("COLOUR", "SET_BY_APP", "SET_BY_LIBRARY", "VERCEL_IPC_PATH_X")}},
        "argv": len(sys.argv), "main": sys.modules["__main__"].__file__.endswith("boot.py"),
    }}
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": json.dumps(answer).encode()}})
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with a library of our own in its site-packages."""
    import venv

    folder = tmp_path_factory.mktemp("standby") / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    site = next((folder / "lib").glob("python3*/site-packages"))
    (site / "somelib.py").write_text(LIBRARY)
    (site / "needs_own.py").write_text("try:\n import mine\nexcept ImportError:\n mine = None\n")
    return folder / "bin" / "python"


def app(version: int, first: str = "", second: str = "import somelib") -> str:
    return APP.format(version=version, first=first, second=second)


def running(tmp_path: Path, python: Path, files: dict[str, str], **options: Any) -> Emulation:
    given = {"reload": True, "standby": True, "app": "app:app", "python": python, **options}
    return emulation(tmp_path / "p", files, **given)


def ask(emulator: Emulation) -> Any:
    return json.loads(emulator.get("/").text)


def prepared(emulator: Emulation, count: int) -> None:
    """Wait until a standby has imported what an instance has taught."""
    emulator.events.wait(events.StandbyReady, count=count)
    wait_until(lambda: emulator.pool.preloaded > 10)


def reload(emulator: Emulation, text: str, count: int) -> tuple[Any, events.Reloaded]:
    prepared(emulator, count)
    (emulator.root / "app.py").write_text(text)
    answer = ask(emulator)
    return answer, emulator.events.wait(events.Reloaded, count=count)


def test_a_library_sees_the_same(tmp_path: Path, python: Path) -> None:
    files = {"app.py": app(0), ".env": "COLOUR=red\n"}
    with running(tmp_path, python, files) as emulator:
        cold = ask(emulator)
        warm, reloaded = reload(emulator, app(1), 1)
        assert reloaded.warm_standby
        assert warm == cold | {"version": 1}
        assert warm["started"]
        assert warm["seen"] == {"COLOUR": "red", "SET_BY_APP": "", "VERCEL_REGION": "iad1"}


def test_an_environment_that_the_app_sets_before_the_import(tmp_path: Path, python: Path) -> None:
    first = 'import os; os.environ["SET_BY_APP"] = "{}"'
    with running(tmp_path, python, {"app.py": app(0, first.format("a"))}) as emulator:
        assert ask(emulator)["seen"]["SET_BY_APP"] == "a"
        warm, reloaded = reload(emulator, app(1, first.format("a")), 1)
        assert reloaded.warm_standby
        assert warm["seen"]["SET_BY_APP"] == "a"
        # Another value: the library that was imported ahead has seen the wrong one.
        warm, reloaded = reload(emulator, app(2, first.format("b")), 2)
        assert warm["seen"]["SET_BY_APP"] == "b"
        assert not reloaded.warm_standby
        warm, reloaded = reload(emulator, app(3, first.format("b")), 3)
        assert warm["seen"]["SET_BY_APP"] == "b"
        assert reloaded.warm_standby


def test_an_environment_that_moves_before_the_import(tmp_path: Path, python: Path) -> None:
    line = 'os.environ["SET_BY_APP"] = "x"'
    with running(tmp_path, python, {"app.py": app(0, "", f"import somelib\n{line}")}) as emulator:
        assert ask(emulator)["seen"]["SET_BY_APP"] == ""
        warm, _ = reload(emulator, app(1, "", f"{line}\nimport somelib"), 1)
        assert warm["seen"]["SET_BY_APP"] == "x"


def test_a_value_that_is_new_in_each_run_ends_what_is_imported_ahead(
    tmp_path: Path, python: Path
) -> None:
    first = 'import os, time; os.environ["SET_BY_APP"] = str(time.time())'
    with running(tmp_path, python, {"app.py": app(0, first)}) as emulator:
        seen = {ask(emulator)["seen"]["SET_BY_APP"]}
        for version in (1, 2, 3):
            warm, _reloaded = reload(emulator, app(version, first), version)
            seen.add(warm["seen"]["SET_BY_APP"])
        assert len(seen) == 4
        assert warm["environ"]["SET_BY_APP"] == warm["seen"]["SET_BY_APP"]


def test_a_library_that_is_no_longer_imported_is_gone(tmp_path: Path, python: Path) -> None:
    with running(tmp_path, python, {"app.py": app(0)}) as emulator:
        assert ask(emulator)["environ"]["SET_BY_LIBRARY"] == "1"
        warm, reloaded = reload(emulator, app(1, "", "import ast"), 1)
        assert warm["seen"] is None
        assert warm["environ"]["SET_BY_LIBRARY"] is None
        assert not reloaded.warm_standby
        warm, reloaded = reload(emulator, app(2, "", "import ast"), 2)
        assert warm["seen"] is None
        assert reloaded.warm_standby


def test_a_library_that_needs_the_persons_code_is_left_to_it(tmp_path: Path, python: Path) -> None:
    second = "import needs_own, somelib; assert needs_own.mine.VALUE == {}"
    files = {"app.py": app(0, "", second.format(1)), "mine.py": "VALUE = 1\n"}
    with running(tmp_path, python, files) as emulator:
        ask(emulator)
        emulator.events.wait(events.StandbyReady)
        (emulator.root / "mine.py").write_text("VALUE = 2\n")
        emulator.events.wait(events.Reloading)
        reload(emulator, app(1, "", second.format(2)), 1)
        assert ask(emulator)["version"] == 1
        assert not [
            e for e in emulator.events.all(events.InstanceFailed) if "assert" not in e.detail
        ]


def test_exit_handlers_run_as_often_with_and_without_a_standby(
    tmp_path: Path, python: Path
) -> None:
    said = {}
    for standby in (True, False):
        file = tmp_path / f"said-{standby}"
        files = {"app.py": app(0), ".env": f"ATEXIT_FILE={file}\n"}
        with running(tmp_path / str(standby), python, files, standby=standby) as emulator:
            ask(emulator)
            if standby:
                prepared(emulator, 1)
            (emulator.root / "app.py").write_text(app(1))
            assert ask(emulator)["version"] == 1
            emulator.events.wait(events.InstanceStopped)
        said[standby] = file.read_text() if file.exists() else ""
    assert said[True] == said[False]


def test_new_modules_and_changes_within_a_second_are_seen(tmp_path: Path, python: Path) -> None:
    """Neither stale bytecode nor stale listings of folders, however quick and small the change."""
    files = {"app.py": app(0, "", "import somelib"), "pkg/__init__.py": ""}
    with running(tmp_path, python, files) as emulator:
        ask(emulator)
        for number in range(1, 6):
            (emulator.root / "pkg" / f"m{number}.py").write_text(f"N = {number}\n")
            text = app(0, "", f"import somelib, pkg.m{number} as m").replace(
                "VERSION = 0", "VERSION = m.N"
            )
            (emulator.root / "app.py").write_text(text)
            assert ask(emulator)["version"] == number
        assert not list(emulator.root.glob("**/*.pyc"))


def test_installed_packages_that_change_are_taken_up(tmp_path: Path, python: Path) -> None:
    text = app(0, "", "import late")
    with running(tmp_path, python, {"app.py": text}) as emulator:
        assert emulator.get("/").status_code == 500
        site = next(python.parent.parent.glob("lib/python3*/site-packages"))
        (site / "late.py").write_text("")
        (site / "late-1.0.dist-info").mkdir()
        emulator.events.wait(events.Reloaded)
        assert ask(emulator)["version"] == 0


REAL = """
import os
os.environ.setdefault("OTEL_SERVICE_NAME", "{name}")
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
import msgspec
import threading, json

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("app")

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    with tracer.start_as_current_span("request") as span:
        service = span.resource.attributes["service.name"]
    body = {{
        "service": service,
        "recording": span.get_span_context().is_valid,
        "threads": sorted(one.name for one in threading.enumerate() if "Otel" in one.name),
        "json": msgspec.json.encode({{"a": [1, 2]}}).decode(),
    }}
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": json.dumps(body).encode()}})
"""


def test_opentelemetry_and_a_c_extension(tmp_path: Path) -> None:
    real = environment_with(tmp_path / "env", "opentelemetry-sdk", "msgspec")
    with running(tmp_path, real, {"app.py": REAL.format(name="one")}) as emulator:
        cold = ask(emulator)
        assert cold["service"] == "one"
        assert cold["recording"]
        assert cold["threads"]
        warm, reloaded = reload(emulator, REAL.format(name="one") + "\n", 1)
        assert reloaded.warm_standby
        assert warm == cold
        warm, _ = reload(emulator, REAL.format(name="two"), 2)
        assert warm == cold | {"service": "two"}


DJANGO = {
    "manage.py": "",
    "site1/__init__.py": "",
    "site1/settings.py": (
        "SECRET_KEY = 'x'\nALLOWED_HOSTS = ['*']\nROOT_URLCONF = 'site1.urls'\nDEBUG = False\n"
        "INSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth']\n"
    ),
    "site1/urls.py": (
        "import os\nfrom django.conf import settings\nfrom django.http import JsonResponse\n"
        "from django.urls import path\n"
        "urlpatterns = [path('', lambda request: JsonResponse("
        "{'module': os.environ['DJANGO_SETTINGS_MODULE'], 'version': 0, "
        "'apps': len(settings.INSTALLED_APPS)}))]\n"
    ),
    "site1/wsgi.py": (
        "import os\nfrom django.core.wsgi import get_wsgi_application\n"
        "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site1.settings')\n"
        "application = get_wsgi_application()\n"
    ),
}


def test_django(tmp_path: Path) -> None:
    options: dict[str, Any] = {"reload": True, "standby": True, "app": "site1.wsgi:application"}
    with emulation(tmp_path / "p", DJANGO, **options) as emulator:
        cold = ask(emulator)
        assert cold == {"module": "site1.settings", "version": 0, "apps": 2}
        for number in (1, 2):
            prepared(emulator, number)
            urls = DJANGO["site1/urls.py"].replace("'version': 0", f"'version': {number}")
            (emulator.root / "site1" / "urls.py").write_text(urls)
            assert ask(emulator) == cold | {"version": number}
            assert emulator.events.wait(events.Reloaded, count=number).warm_standby


def test_without_standby_there_is_one_process_and_reloads_work(
    tmp_path: Path, python: Path
) -> None:
    with running(tmp_path, python, {"app.py": app(0)}, standby=False) as emulator:
        ask(emulator)
        (emulator.root / "app.py").write_text(app(1))
        assert ask(emulator)["version"] == 1
        wait_until(lambda: len(emulator.instances()) == 1)
        assert not emulator.events.all(events.StandbyReady)
        assert os.path.exists(emulator.root / ".vercel")
