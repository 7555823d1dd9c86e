"""With an environment of the project, its packages' metadata say what brings which module."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.check.helpers import ENVIRON, checked, found, stand_in_uv

APP = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.fixture(autouse=True)
def _no_installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "installer"
    folder.mkdir()
    stand_in_uv(folder, "", code=1, says="asked")
    monkeypatch.setitem(ENVIRON, "PATH", f"{folder}:{ENVIRON['PATH']}")


def environment(root: Path) -> Path:
    """An empty `.venv` of the running Python, without starting it; returns its site-packages."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    prefix = root / ".venv"
    site = prefix / "lib" / f"python{version}" / "site-packages"
    site.mkdir(parents=True)
    (prefix / "bin").mkdir()
    base = Path(sys.base_prefix, "bin", f"python{version}")
    (prefix / "bin" / "python").symlink_to(base)
    (prefix / "pyvenv.cfg").write_text(f"version = {version}.{sys.version_info.micro}\n")
    return site


def install(site: Path, name: str, *files: str, needs: tuple[str, ...] = ()) -> None:
    """Put a distribution there with these files, and what it needs."""
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    lines = [f"Requires-Dist: {one}" for one in needs]
    extras = ["Provides-Extra: more"]
    text = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *extras, *lines])
    (info / "METADATA").write_text(f"{text}\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))
    for file in files:
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).touch()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """An environment with Flask, what it needs, and packages that nothing asks for."""
    folder = environment(tmp_path / "project")
    install(folder, "Flask", "flask/__init__.py", needs=("odd-name", 'extra-one; extra == "more"'))
    install(folder, "odd-name", "quite_other/__init__.py", "single.py", "fast.cpython-312.so")
    install(folder, "extra-one", "extra_one.py")
    install(folder, "stray", "strays/__init__.py")
    install(folder, "vercel-cache", "vercel/cache/__init__.py", "vercel/cache/client.py")
    install(folder, "google-auth", "google/auth/__init__.py", "google/oauth2/__init__.py")
    return folder


@pytest.mark.parametrize(
    ("requirements", "source"),
    [
        ("flask", "import quite_other, single, fast"),
        ("flask[more]", "import extra_one"),
        ("flask\nvercel-cache", "from vercel.cache import RuntimeCache"),
        ("flask\nvercel-cache", "import vercel.cache.client"),
        ("flask\ngoogle-auth", "from google.oauth2 import service_account"),
        ("flask\ngoogle-auth", "import google.auth.transport.requests"),
        ("flask\npywin32 ; sys_platform == 'win32'", "import single"),
    ],
)
def test_what_the_manifest_leads_to(
    tmp_path: Path, site: Path, requirements: str, source: str
) -> None:
    files = {"requirements.txt": requirements, "app.py": f"{source}\n{APP}"}
    assert checked(site.parents[3], files).findings == ()


@pytest.mark.parametrize(
    ("source", "package"),
    [
        ("import strays", "`stray`"),
        ("import extra_one", "`extra-one`"),
        ("import celery", "`celery`"),
        ("import never_heard_of", "nothing that requirements.txt asks for"),
        ("from vercel.cache import RuntimeCache", "`vercel-cache`"),
        ("from vercel.functions import geolocation", "`vercel`"),
        ("from google.cloud import storage", "`google-cloud-storage`"),
        ("import pkg_resources", "`setuptools`"),
    ],
)
def test_what_it_does_not_lead_to(tmp_path: Path, site: Path, source: str, package: str) -> None:
    files = {"requirements.txt": "flask\n", "app.py": f"{source}\n{APP}"}
    report = checked(site.parents[3], files)
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "app.py:1")]
    assert package in report.findings[0].message


def test_an_environment_that_lacks_something_decides_nothing(tmp_path: Path, site: Path) -> None:
    files = {"requirements.txt": "flask\nnot-here\n", "app.py": f"import strays\n{APP}"}
    report = checked(site.parents[3], files)
    assert found(report) == [("warning", "DEPENDENCIES_NOT_RESOLVED", "requirements.txt")]


def test_packages_that_run_from_their_sources_bring_what_nobody_can_tell(
    tmp_path: Path, site: Path
) -> None:
    install(site, "helpers")
    place = {"url": (tmp_path / "helpers").as_uri(), "dir_info": {"editable": True}}
    (site / "helpers-1.0.dist-info" / "direct_url.json").write_text(json.dumps(place))
    files = {
        "requirements.txt": "flask\nhelpers\n",
        "app.py": f"import my_module\nimport yaml\n{APP}",
    }
    report = checked(tmp_path / "project", files)
    # A well-known module is another matter.
    assert found(report) == [("error", "IMPORT_NOT_DECLARED", "app.py:2")]
    (site / "helpers-1.0.dist-info" / "direct_url.json").unlink()
    report = checked(tmp_path / "project", {})
    assert ("error", "IMPORT_NOT_DECLARED", "app.py:1") in found(report)
