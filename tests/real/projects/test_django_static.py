"""Django's static files as a deployment publishes them, without `collectstatic` by hand."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.real.conftest import Emulate
from tests.real.support import emulation
from vercel_emu import events
from vercel_emu.cli.commands.route import route

MANAGE = """
import os, sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
"""
SETTINGS = """
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "not secret"
DEBUG = {debug}
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.messages", "django.contrib.sessions", "django.contrib.staticfiles", "blog",
]
MIDDLEWARE = [{middleware}]
ROOT_URLCONF = "site_.urls"
WSGI_APPLICATION = "site_.wsgi.application"
TEMPLATES = [{{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {{"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]}},
}}]
DATABASES = {{}}
USE_TZ = True
STATIC_URL = "{url}"
STATICFILES_DIRS = [BASE_DIR / "assets", ("vendor", BASE_DIR / "third")]
{more}
"""
URLS = """
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path

def page(request):
    return HttpResponse(static("blog/blog.css"))

urlpatterns = [path("", page)]
"""
ROOT = 'STATIC_ROOT = BASE_DIR / "collected"\n'
HASHED = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
WHITENOISE = "whitenoise.storage.CompressedManifestStaticFilesStorage"


def django(
    debug: bool = False, url: str = "static/", more: str = ROOT, middleware: str = ""
) -> dict[str, str]:
    """A Django project with an app, a folder of assets and the admin."""
    settings = SETTINGS.format(debug=debug, url=url, more=more, middleware=middleware)
    wsgi = "from django.core.wsgi import get_wsgi_application\n"
    environ = 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")\n'
    return {
        "manage.py": MANAGE,
        "requirements.txt": "django\n",
        "site_/__init__.py": "",
        "site_/settings.py": settings,
        "site_/urls.py": URLS,
        "site_/wsgi.py": f"{environ}{wsgi}application = get_wsgi_application()\n",
        "blog/__init__.py": "",
        "blog/static/blog/blog.css": "body { color: red }",
        "assets/site.js": "let x = 1",
        "third/lib.js": "let y = 2",
        ".gitignore": "collected/\n",
    }


def storage(name: str) -> str:
    """Settings with another storage of static files."""
    return f'{ROOT}STORAGES = {{"staticfiles": {{"BACKEND": "{name}"}}}}\n'


@pytest.mark.parametrize("debug", [True, False])
def test_source_folders_and_the_admin_are_published(emulate: Emulate, debug: bool) -> None:
    running = emulate(django(debug))
    assert running.get("/").text == "/static/blog/blog.css"
    css = running.get("/static/blog/blog.css")
    assert (css.text, css.headers["content-type"]) == (
        "body { color: red }",
        "text/css; charset=utf-8",
    )
    assert css.headers["etag"]
    assert running.get("/static/site.js").text == "let x = 1"
    assert running.get("/static/vendor/lib.js").text == "let y = 2"
    assert running.get("/static/admin/css/base.css").status_code == 200
    assert running.get("/static/nothing.css").status_code == 404
    assert not (running.root / "collected").exists()


@pytest.mark.parametrize("name", [HASHED, WHITENOISE])
def test_hashed_names_work_at_once(emulate: Emulate, name: str) -> None:
    if name == WHITENOISE:
        pytest.importorskip("whitenoise")
    running = emulate(django(more=storage(name)), reload=True)
    path = running.get("/").text
    assert re.fullmatch(r"/static/blog/blog\.[0-9a-f]{12}\.css", path)
    assert running.get(path).text == "body { color: red }"
    assert running.get("/static/blog/blog.css").text == "body { color: red }"

    (running.root / "blog/static/blog/blog.css").write_text("body { color: blue }")
    running.events.wait(events.InstanceReady, count=2)
    after = running.get("/").text
    assert after != path
    assert running.get(after).text == "body { color: blue }"


@pytest.mark.parametrize("has_route", [True, False])
def test_builds_with_a_script_that_has_not_run(emulate: Emulate, has_route: bool) -> None:
    builds = [
        {"src": "site_/wsgi.py", "use": "@vercel/python"},
        {
            "src": "build_files.sh",
            "use": "@vercel/static-build",
            "config": {"distDir": "collected"},
        },
    ]
    routes = [{"src": "/static/(.*)", "dest": "/static/$1"}] if has_route else []
    routes.append({"src": "/(.*)", "dest": "site_/wsgi.py"})
    files = django(more='STATIC_ROOT = BASE_DIR / "collected" / "static"\n')
    files["vercel.json"] = json.dumps({"builds": builds, "routes": routes})
    running = emulate({**files, "build_files.sh": "exit 1\n"}, reload=True)
    assert running.get("/").text == "/static/blog/blog.css"
    assert running.get("/static/blog/blog.css").text == "body { color: red }"
    assert running.get("/static/admin/css/base.css").status_code == 200
    (running.root / "assets/site.js").write_text("let x = 2")
    assert running.get("/static/site.js").text == "let x = 2"
    assert running.get("/static/nothing.css").status_code == 404
    (notice,) = running.events.all(events.Notice, lambda one: one.code == "STATIC_NOT_BUILT")
    assert "build_files.sh" in notice.message


def test_edits_are_served_without_a_restart(emulate: Emulate) -> None:
    running = emulate(django(debug=True), reload=True)
    assert running.get("/static/blog/blog.css").text == "body { color: red }"
    (running.root / "blog/static/blog/blog.css").write_text("body { color: blue }")
    assert running.get("/static/blog/blog.css").text == "body { color: blue }"
    (running.root / "assets/new.js").write_text("let z")
    assert running.get("/static/new.js").text == "let z"
    assert running.get("/").status_code == 200
    assert len(running.events.all(events.InstanceReady)) == 1


def test_what_was_found_is_remembered(tmp_path: Path) -> None:
    with emulation(tmp_path, django()):
        pass
    with emulation(tmp_path) as again:
        assert again.get("/static/site.js").text == "let x = 1"
    explained = CliRunner().invoke(route, ["/static/site.js", str(tmp_path)])
    assert "file assets/site.js" in explained.output


def test_a_manifest_that_was_removed_is_made_before_the_app_needs_it(tmp_path: Path) -> None:
    with emulation(tmp_path, django(more=storage(HASHED))):
        pass
    shutil.rmtree(tmp_path / "collected")
    with emulation(tmp_path) as again:
        assert again.get("/").status_code == 200


@pytest.mark.parametrize("url", ["static/", "/assets/of/mine/"])
def test_the_first_page_has_its_files(emulate: Emulate, url: str) -> None:
    running = emulate(django(url=url, more=""))
    path = running.get("/").text
    assert path == f"/{url.strip('/')}/blog/blog.css"
    assert running.get(path).text == "body { color: red }"


def test_without_static_root_a_deployment_would_publish_nothing(emulate: Emulate) -> None:
    running = emulate(django(more="", url="/files/"))
    notice = running.events.wait(
        events.Notice, lambda event: event.code == "DJANGO_STATIC_UNPUBLISHED"
    )
    assert "STATIC_ROOT" in (notice.hint or "")
    assert running.get("/files/site.js").text == "let x = 1"


def test_settings_that_fail_are_told(emulate: Emulate) -> None:
    broken = 'INSTALLED_APPS = [*INSTALLED_APPS, "no_such_app"]\n'
    running = emulate(django(more=ROOT + broken))
    notice = running.events.wait(events.Notice, lambda event: event.code == "DJANGO_STATIC_FAILED")
    assert "no_such_app" in notice.message
    assert running.get("/static/site.js").status_code == 500


def test_static_files_on_a_server_of_their_own_are_left_to_it(emulate: Emulate) -> None:
    running = emulate(django(url="https://cdn.example.com/static/"))
    assert running.get("/").text == "https://cdn.example.com/static/blog/blog.css"
    assert running.get("/static/site.js").status_code == 404
