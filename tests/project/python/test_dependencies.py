"""What a project declares, what its environment lacks, and what is decided about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vercel_emu.errors import EmuError, Where
from vercel_emu.project.python.commands import install_into, make_environment
from vercel_emu.project.python.declared import installable
from vercel_emu.project.python.dependencies import (
    Action,
    Dependencies,
    decide,
    find_dependencies,
    plan_dependencies,
)
from vercel_emu.project.python.environment import PythonEnvironment
from vercel_emu.project.python.installed import Missing
from vercel_emu.project.python.interpreter import Interpreter, Origin
from vercel_emu.project.python.manifest import (
    Kind,
    Manifest,
    Manifests,
    find_manifest,
    manifests_in,
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "env" / "lib" / "python3.13" / "site-packages"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def interpreter(
    site: Path, origin: Origin = Origin.PROJECT, *, virtual: bool = True
) -> Interpreter:
    prefix = site.parents[2]
    return Interpreter(
        path=prefix / "bin" / "python",
        version=(3, 13, 1),
        prefix=prefix,
        site_packages=(site,),
        source="`.venv` in the project",
        origin=origin,
        virtual=virtual,
    )


def add(site: Path, name: str, version: str, *requires: str) -> None:
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {text}" for text in requires]
    (folder / "METADATA").write_text("\n".join(lines) + "\n")


def dependencies(root: Path, site: Path) -> Dependencies:
    return find_dependencies(root, manifests_in(root, ""), interpreter(site))


def missing(root: Path, site: Path) -> list[str]:
    return [str(found) for found in dependencies(root, site).missing]


def test_no_manifest_needs_nothing(root: Path, site: Path) -> None:
    assert not dependencies(root, site)
    plan = plan_dependencies(root, Manifests(), interpreter(site), install=None)
    assert plan.action is Action.NOTHING


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flask", []),
        ("Flask >= 3, < 4  # the web", []),
        ("flask<3", ["flask<3 (3.1.0 is installed)"]),
        ("zope.interface", []),
        ("ZOPE_interface", []),
        ("nothere==1", ["nothere==1"]),
        ("nothere ; python_version < '3.13'", []),
        ("nothere ; python_version >= '3.13'", ["nothere"]),
        ("beta>=2", []),
        ("flask==3.1.0 \\\n    --hash=sha256:aa \\\n    # by hand\n    --hash=sha256:bb", []),
        ("flask @ https://example.com/flask-9.whl", []),
        ("https://example.com/nothere-1.0-py3-none-any.whl", ["nothere"]),
        ("git+https://example.com/x/y@main#egg=nothere", ["nothere"]),
        ("git+https://example.com/x/y", ["git+https://example.com/x/y"]),
        ("-e ./lib", ["my-lib"]),
        ("./lib", ["my-lib"]),
        ("-e .", ["-e ."]),
        ("--index-url https://example.com/simple\n--pre\n-i x", []),
        ("server[fast]", ["uvloop>=0.1"]),
        ("server[other]", []),
        ("-r nested/more.txt", ["deep>1"]),
        ("-c limits.txt\nflask", ["flask<3 (3.1.0 is installed)"]),
        ("--requirement=nested/more.txt", ["deep>1"]),
        ("halfmade", ["halfmade"]),
    ],
)
def test_requirements_lines(root: Path, site: Path, line: str, expected: list[str]) -> None:
    add(site, "flask", "3.1.0")
    add(site, "zope-interface", "7.0")
    add(site, "beta", "2.1b1")
    add(site, "server", "1", "uvloop>=0.1 ; extra == 'fast'", "h2 ; extra == 'unasked'", "base")
    (site / "halfmade-1.0.dist-info").mkdir()
    (root / "lib").mkdir()
    (root / "lib" / "pyproject.toml").write_text('[project]\nname = "my-lib"\n')
    (root / "nested").mkdir()
    (root / "nested" / "more.txt").write_text("deep>1\n-r ../requirements.txt\n")
    (root / "limits.txt").write_text("flask<3\nunused==1\n")
    (root / "requirements.txt").write_text(line + "\n")
    assert missing(root, site) == expected
    assert dependencies(root, site).problems == ()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_requirements_as_windows_writes_them(root: Path, site: Path, encoding: str) -> None:
    (root / "requirements.txt").write_bytes("one\r\ntwo==2\r\n".encode(encoding))
    assert missing(root, site) == ["one", "two==2"]


@pytest.mark.parametrize(("encoding", "problems"), [("utf-8-sig", 0), ("utf-8", 0), ("utf-16", 1)])
def test_requirements_in_utf_16_stop_a_deployment(
    root: Path, site: Path, encoding: str, problems: int
) -> None:
    (root / "requirements.txt").write_bytes("one\r\n".encode(encoding))
    found = dependencies(root, site).problems
    assert len(found) == problems
    for one in found:
        assert one.code == "REQUIREMENT_INVALID"
        assert one.where == Where("requirements.txt", line=1)
        assert "UTF-16" in one.message


def test_what_is_not_understood_names_file_and_line(root: Path, site: Path) -> None:
    (root / "requirements.txt").write_text("flask\n\nflask=>3\n-r gone.txt\n")
    problems = dependencies(root, site).problems
    assert problems[0].message.startswith(
        "requirements.txt:3: `flask=>3` is not a valid requirement"
    )
    assert problems[1].message == "requirements.txt:4: there is no file `gone.txt`"
    assert [one.where for one in problems][:2] == [
        Where("requirements.txt", line=3),
        Where("requirements.txt", line=4),
    ]


def test_pyproject_with_sources(root: Path, site: Path) -> None:
    add(site, "my-lib", "0.1")
    (root / "pyproject.toml").write_text(
        '[project]\nname = "app"\ndependencies = ["fastapi>=1", "my_lib>=2"]\n'
        '[tool.uv.sources]\nMy-Lib = { path = "lib", editable = true }\n'
    )
    assert missing(root, site) == ["fastapi>=1"]


def test_pipfile(root: Path, site: Path) -> None:
    (root / "Pipfile").write_text(
        '[packages]\nflask = "*"\nurl = ">=2"\n'
        'server = { version = "==1", extras = ["fast"] }\n'
        "old = { version = '*', markers = \"python_version < '3'\" }\n"
        'mine = { git = "https://example.com/mine", ref = "v1" }\n'
        '[dev-packages]\npytest = "*"\n'
    )
    assert missing(root, site) == ["flask", "url>=2", "server[fast]==1", "mine"]
    manifest = find_manifest(root)
    assert manifest is not None
    assert "mine @ git+https://example.com/mine@v1" in installable(manifest).lines


def test_wrong_dependencies_name_file_and_value(root: Path, site: Path) -> None:
    (root / "pyproject.toml").write_text('[project]\ndependencies = "flask"\n')
    with pytest.raises(EmuError, match=r"\[project\] dependencies: must be a list.*'flask'"):
        missing(root, site)


def test_many_packages_are_looked_up_quickly(root: Path, site: Path) -> None:
    names = [f"package-{number}" for number in range(200)]
    for name in names:
        add(site, name, "1.0")
    (root / "requirements.txt").write_text("\n".join(f"{name}==1.0" for name in names))
    assert missing(root, site) == []


FOUND = Manifests((Manifest(Path("/app/requirements.txt"), Kind.REQUIREMENTS),))
SOME = Dependencies(FOUND, (Missing("flask"),))
NONE = Dependencies(FOUND)


@pytest.mark.parametrize(
    ("origin", "virtual", "dependencies", "install", "action"),
    [
        # nothing is missing: nothing to do, whatever was asked
        (Origin.PROJECT, True, NONE, True, Action.NOTHING),
        # a Python of the machine, for who wants no environment
        (Origin.MACHINE, False, SOME, False, Action.NOTHING),
        (Origin.MACHINE, False, SOME, None, Action.NOTHING),
        # an environment that exists
        (Origin.PROJECT, True, SOME, None, Action.ASK),
        (Origin.ACTIVE, True, SOME, None, Action.ASK),
        (Origin.ASKED, True, SOME, None, Action.ASK),
        (Origin.PROJECT, True, SOME, True, Action.INSTALL),
        (Origin.ACTIVE, True, SOME, True, Action.INSTALL),
        (Origin.PROJECT, True, SOME, False, Action.NOTHING),
        # a Python of the system that was asked for
        (Origin.ASKED, False, SOME, None, Action.NOTHING),
        (Origin.ASKED, False, SOME, True, Action.REFUSE),
        (Origin.ASKED, False, SOME, False, Action.NOTHING),
    ],
)
def test_plan(
    origin: Origin,
    virtual: bool,
    dependencies: Dependencies,
    install: bool | None,
    action: Action,
) -> None:
    site = Path("/env/lib/python3.13/site-packages")
    python = interpreter(site, origin, virtual=virtual)
    plan = decide(Path("/app"), python, dependencies, install=install)
    assert plan.action is action
    assert plan.environment == Path("/env")
    assert bool(plan.message) is bool(dependencies)
    if dependencies:
        assert "`flask` (from requirements.txt)" in plan.message
    assert bool(plan.hint) is (action in (Action.ASK, Action.REFUSE))
    if action is Action.ASK:
        assert plan.agreed().action is Action.INSTALL


@pytest.mark.parametrize("found", [SOME, NONE, Dependencies()])
def test_without_an_interpreter_one_is_made(root: Path, found: Dependencies) -> None:
    plan = decide(root, None, found, install=None)
    assert (plan.action, plan.environment) == (Action.CREATE, root / ".venv")


PYTHON = PythonEnvironment(Path("/py/bin/python3.12"), (3, 12, 7), Path("/py"), (), virtual=False)
UV = Path("/bin/uv")


def test_commands_with_uv(root: Path) -> None:
    manifest = Manifest(root / "requirements.txt", Kind.REQUIREMENTS)
    create = make_environment(root, root / ".venv", UV, PYTHON)
    assert create.argv[:2] == ("/bin/uv", "venv")
    assert create.argv[-3:] == ("--python", "/py/bin/python3.12", str(root / ".venv"))
    (install,) = install_into([manifest], UV, PYTHON)
    assert install.argv == (
        *("/bin/uv", "pip", "install", "--python", "/py/bin/python3.12", "-r"),
        str(root / "requirements.txt"),
    )


@pytest.mark.parametrize(("wanted", "subcommand"), [(">=3.12", "sync"), (">=3.14", "pip")])
def test_lock_file_is_used_where_uv_takes_the_python(
    root: Path, wanted: str, subcommand: str
) -> None:
    (root / "pyproject.toml").write_text(
        f'[project]\nname = "app"\nrequires-python = "{wanted}"\ndependencies = []\n'
    )
    (root / "uv.lock").touch()
    manifest = find_manifest(root)
    assert manifest is not None
    (install,) = install_into([manifest], UV, PYTHON)
    assert install.argv[1] == subcommand
    if subcommand == "sync":
        assert {"--no-install-project", "--inexact", "--frozen"} <= set(install.argv)
        assert install.environ == (("UV_PROJECT_ENVIRONMENT", "/py"),)


def test_commands_with_pip(root: Path) -> None:
    (root / "lib").mkdir()
    (root / "pyproject.toml").write_text(
        '[project]\nname = "app"\ndependencies = ["flask>=3", "lib", "tool"]\n'
        '[tool.uv.sources]\nlib = { path = "lib", editable = true }\n'
        'tool = { git = "https://example.com/tool", tag = "v2" }\n'
    )
    manifest = find_manifest(root)
    assert manifest is not None
    create = make_environment(root, root / ".venv", None, PYTHON)
    assert create.argv[:3] == ("/py/bin/python3.12", "-m", "venv")
    first, second = install_into([manifest], None, PYTHON)
    assert "ensurepip" in first.argv
    assert second.argv[:3] == ("/py/bin/python3.12", "-m", "pip")
    assert second.requirements == (
        "flask>=3",
        f"-e {root / 'lib'}",
        "tool @ git+https://example.com/tool@v2",
    )


def test_start_path_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "import vercel_emu.project.python.interpreter, vercel_emu.project.python.dependencies\n"
        "print([name for name in ('rich', 'uvicorn', 'click', 'starlette') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
