"""Which manifest counts for a function, and which files nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from vercel_emu.project.detection.entrypoint import entrypoint_at
from vercel_emu.project.model import (
    FOUND_BY_API,
    FOUND_BY_BUILDS,
    FOUND_BY_OPTION,
    Entrypoint,
    Function,
    Project,
)
from vercel_emu.project.python.declared import declared_by
from vercel_emu.project.python.manifest import (
    Manifests,
    build_folder,
    manifest_of,
    manifests_of,
)
from vercel_emu.project.python.overlooked import overlooked

PRESET = "default place"
TOOLS = "[tool.ruff]\nline-length = 100\n"
PROJECT = '[project]\nname = "a"\nversion = "1"\ndependencies = ["flask"]\n'


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def entrypoint(file: str, found_by: str = FOUND_BY_API, base_dir: str = "") -> Entrypoint:
    return entrypoint_at(file, "app", found_by, base_dir)


def project(root: Path, *entrypoints: Entrypoint, link_root: Path | None = None) -> Project:
    functions = tuple(Function(name=one.file, entrypoint=one) for one in entrypoints)
    return Project(root=root, name="p", functions=functions, link_root=link_root or root)


def shown(manifests: Manifests, root: Path) -> list[str]:
    return [one.file.relative_to(root).as_posix() for one in manifests.found]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"requirements.txt": ""}, "requirements.txt"),
        ({"requirements.in": ""}, "requirements.in"),
        ({"requirements/prod.txt": ""}, "requirements/prod.txt"),
        ({"requirements.txt": "", "requirements.in": ""}, "requirements.txt"),
        ({"requirements.txt": "", "requirements-frozen.txt": ""}, "requirements-frozen.txt"),
        ({"requirements.frozen.txt": "", "requirements-frozen.txt": ""}, "requirements.frozen.txt"),
        ({"requirements.txt": "", "Pipfile": ""}, "Pipfile"),
        ({"Pipfile": "", "Pipfile.lock": "{}"}, "Pipfile.lock"),
        ({"Pipfile.lock": "{}", "requirements.txt": ""}, "Pipfile.lock"),
        ({"Pipfile": "", "pyproject.toml": PROJECT}, "pyproject.toml"),
        ({"requirements.txt": "", "pyproject.toml": TOOLS}, "pyproject.toml"),
        ({"requirements.txt": "", "pyproject.toml": ""}, "pyproject.toml"),
        (
            {"requirements.txt": "", "pyproject.toml": '[project]\ndynamic = ["dependencies"]\n'},
            "pyproject.toml",
        ),
        ({"requirements-dev.txt": "", "setup.py": ""}, None),
        ({}, None),
    ],
)
def test_in_one_folder(tmp_path: Path, files: dict[str, str], expected: str | None) -> None:
    write(tmp_path, files)
    found = manifest_of(project(tmp_path), entrypoint("app.py", PRESET)).manifest
    assert (found and found.file.relative_to(tmp_path).as_posix()) == expected


@pytest.mark.parametrize(
    ("file", "found_by", "files", "expected"),
    [
        # A function of api/ has the nearest.
        ("api/index.py", FOUND_BY_API, ["api/requirements.txt"], "api/requirements.txt"),
        (
            "api/index.py",
            FOUND_BY_API,
            ["api/requirements.txt", "requirements.txt"],
            "api/requirements.txt",
        ),
        (
            "api/index.py",
            FOUND_BY_API,
            ["api/requirements.txt", "pyproject.toml"],
            "api/requirements.txt",
        ),
        ("api/index.py", FOUND_BY_API, ["api/Pipfile", "requirements.txt"], "api/Pipfile"),
        (
            "api/a/b/c.py",
            FOUND_BY_API,
            ["api/a/pyproject.toml", "api/Pipfile"],
            "api/a/pyproject.toml",
        ),
        ("api/a/b/c.py", FOUND_BY_API, ["api/other/Pipfile", "Pipfile"], "Pipfile"),
        ("api/index.py", FOUND_BY_API, ["requirements.txt"], "requirements.txt"),
        ("api/index.py", FOUND_BY_API, ["backend/requirements.txt"], None),
        # What builds and --app name is built where it lies.
        (
            "backend/main.py",
            FOUND_BY_BUILDS,
            ["backend/requirements.txt"],
            "backend/requirements.txt",
        ),
        ("backend/main.py", FOUND_BY_BUILDS, ["requirements.txt"], "requirements.txt"),
        ("src/web/app.py", FOUND_BY_OPTION, ["src/Pipfile", "pyproject.toml"], "src/Pipfile"),
        # The app of a preset is found from the root.
        ("api/index.py", PRESET, ["api/requirements.txt", "requirements.txt"], "requirements.txt"),
        ("src/app.py", PRESET, ["src/requirements.txt"], None),
        (
            "app/main.py",
            "[tool.vercel] entrypoint",
            ["app/Pipfile", "pyproject.toml"],
            "pyproject.toml",
        ),
    ],
)
def test_nearest(
    tmp_path: Path, file: str, found_by: str, files: list[str], expected: str | None
) -> None:
    write(tmp_path, dict.fromkeys(files, ""))
    found = manifest_of(project(tmp_path), entrypoint(file, found_by)).manifest
    assert (found and found.file.relative_to(tmp_path).as_posix()) == expected


def test_django_is_built_in_the_folder_of_manage_py(tmp_path: Path) -> None:
    write(tmp_path, {"backend/requirements.txt": "", "requirements.txt": ""})
    django = entrypoint("backend/config/wsgi.py", "WSGI_APPLICATION of config.settings", "backend")
    assert build_folder(django) == "backend"
    assert shown(manifests_of(project(tmp_path, django)), tmp_path) == ["backend/requirements.txt"]


def test_each_function_has_its_own_and_each_counts_once(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"api/a/requirements.txt": "a", "api/b/Pipfile": "", "requirements.txt": "flask"},
    )
    files = ("api/a/x.py", "api/a/y.py", "api/b/x.py", "api/z.py")
    manifests = manifests_of(project(tmp_path, *map(entrypoint, files)))
    assert shown(manifests, tmp_path) == [
        "api/a/requirements.txt",
        "api/b/Pipfile",
        "requirements.txt",
    ]
    assert manifests.ignored == ()  # the root's is nobody's nearest but api/z.py's


def test_without_functions_the_root_counts(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "", "api/requirements.txt": ""})
    assert shown(manifests_of(project(tmp_path)), tmp_path) == ["requirements.txt"]


def test_above_a_root_directory(tmp_path: Path) -> None:
    """The build looks up to the repository's root."""
    write(tmp_path, {"requirements.txt": "", "apps/web/api/x.py": ""})
    root = tmp_path / "apps/web"
    assert manifest_of(project(root), entrypoint("api/x.py")).manifest is None
    found = manifest_of(project(root, link_root=tmp_path), entrypoint("api/x.py")).manifest
    assert found is not None
    assert found.file == tmp_path / "requirements.txt"


@pytest.mark.parametrize(
    ("locks", "expected"),
    [
        (["uv.lock"], "uv.lock"),
        (["pylock.toml"], "pylock.toml"),
        (["pylock.toml", "uv.lock"], "uv.lock"),
        (["pylock.dev.toml", "poetry.lock"], None),
    ],
)
def test_lock_files(tmp_path: Path, locks: list[str], expected: str | None) -> None:
    write(tmp_path, {"pyproject.toml": PROJECT, **dict.fromkeys(locks, "")})
    found = manifest_of(project(tmp_path), entrypoint("app.py", PRESET)).manifest
    assert found is not None
    assert (found.lock and found.lock.name) == expected


def test_a_lock_file_counts_beside_a_pyproject_alone(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "", "uv.lock": "", "pylock.toml": ""})
    found = manifest_of(project(tmp_path), entrypoint("app.py", PRESET)).manifest
    assert found is not None
    assert found.lock is None


@pytest.mark.parametrize("lock", ["uv.lock", "pylock.toml"])
def test_the_workspaces_lock_file(tmp_path: Path, lock: str) -> None:
    workspace = '[tool.uv.workspace]\nmembers = ["apps/*"]\n'
    write(tmp_path, {"pyproject.toml": workspace, lock: "", "apps/web/pyproject.toml": PROJECT})
    root = tmp_path / "apps/web"
    search = manifest_of(project(root, link_root=tmp_path), entrypoint("app.py", PRESET))
    assert search.manifest is not None
    assert search.manifest.lock == tmp_path / lock
    assert search.ignored == ()  # the workspace's own pyproject.toml is no rival


def told(root: Path, *entrypoints: Entrypoint) -> list[tuple[str, tuple[str, ...]]]:
    manifests = manifests_of(project(root, *entrypoints))
    found = overlooked(root, manifests, declared_by(manifests, root))
    return [(one.file, one.packages) for one in found]


APP = entrypoint("app.py", PRESET)
API = entrypoint("api/index.py")
POETRY = '[tool.poetry.dependencies]\npython = "^3.12"\nFlask = "^3"\n'


@pytest.mark.parametrize(
    ("start", "files", "expected"),
    [
        # A file that only configures tools hides the requirements beside it.
        (
            APP,
            {"pyproject.toml": TOOLS, "requirements.txt": "flask\nPyYAML==6\n"},
            [("requirements.txt", ("flask", "pyyaml"))],
        ),
        (
            APP,
            {"pyproject.toml": TOOLS, "Pipfile": '[packages]\nflask = "*"\n'},
            [("Pipfile", ("flask",))],
        ),
        (APP, {"Pipfile": "", "requirements.txt": "flask"}, [("requirements.txt", ("flask",))]),
        (APP, {"pyproject.toml": TOOLS, "requirements.txt": "# later\n"}, []),
        (APP, {"pyproject.toml": TOOLS}, []),
        (APP, {"pyproject.toml": POETRY}, [("pyproject.toml", ("flask",))]),
        (
            APP,
            {"pyproject.toml": '[project]\nname = "a"\ndynamic = ["dependencies"]\n' + POETRY},
            [],
        ),
        (APP, {"pyproject.toml": PROJECT + POETRY}, []),
        # The same list a second time, or a longer one of all that is installed.
        (APP, {"pyproject.toml": PROJECT, "requirements.txt": "flask==3.1\n"}, []),
        (APP, {"pyproject.toml": PROJECT, "requirements.txt": "flask==3.1\nwerkzeug==3\n"}, []),
        (
            APP,
            {"pyproject.toml": PROJECT, "requirements.txt": "redis\n"},
            [("requirements.txt", ("redis",))],
        ),
        (
            APP,
            {
                "pyproject.toml": PROJECT,
                "uv.lock": '[[package]]\nname = "redis"\n',
                "requirements.txt": "redis\n",
            },
            [],
        ),
        (APP, {"Pipfile": "", "Pipfile.lock": '{"default": {"flask": {}}}'}, []),
        (APP, {"requirements.txt": "flask==3\n", "requirements.in": "flask\nredis\n"}, []),
        # A nearer one counts for a function.
        (
            API,
            {"api/requirements.txt": "flask", "requirements.txt": "requests"},
            [("requirements.txt", ("requests",))],
        ),
        (API, {"api/requirements.txt": "flask\nrequests", "requirements.txt": "requests"}, []),
        (API, {"api/requirements.txt": "flask", "pyproject.toml": TOOLS}, []),
        # One that lies beside the app, where a preset starts at the root.
        (
            entrypoint("app/main.py", PRESET),
            {"app/requirements.txt": "flask", "pyproject.toml": TOOLS},
            [("app/requirements.txt", ("flask",))],
        ),
        # Names that nobody looks for.
        (APP, {"requirements/base.txt": "flask"}, [("requirements/base.txt", ("flask",))]),
        (APP, {"requirements-prod.txt": "flask"}, [("requirements-prod.txt", ("flask",))]),
        (
            APP,
            {
                "requirements-dev.txt": "flask",
                "requirements/test.txt": "x",
                "dev-requirements.txt": "y",
            },
            [],
        ),
        (APP, {"requirements.txt": "flask", "requirements-gpu.txt": "torch"}, []),
    ],
)
def test_files_with_dependencies_that_are_not_read(
    tmp_path: Path,
    start: Entrypoint,
    files: dict[str, str],
    expected: list[tuple[str, tuple[str, ...]]],
) -> None:
    assert told(write(tmp_path, files), start) == expected


def test_what_is_told_names_the_reason_and_a_way(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": TOOLS, "requirements.txt": "a\nb\nc\nd\ne\nf\n"})
    manifests = manifests_of(project(tmp_path, APP))
    (found,) = overlooked(tmp_path, manifests, declared_by(manifests, tmp_path))
    warning = found.as_warning()
    assert warning.message == (
        "requirements.txt: pyproject.toml beside it is read instead, so neither a deployment nor "
        "vercel-emu installs `a`, `b`, `c`, `d` and 2 more."
    )
    assert "`[project] dependencies` in pyproject.toml" in str(warning.hint)
