"""A folder in, a project out: presets, `api/` functions, links, settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.project.helpers import write
from vercel_emu.errors import EmuError, Where
from vercel_emu.project.load import identify_project, load_project
from vercel_emu.project.model import UNSET, FunctionSettings, Project, Unset
from vercel_emu.project.vercel_json.model import VercelConfig

APP = "app = object()\n"
HANDLER = "class handler: ...\n"


def load(root: Path, framework: str | Unset | None = UNSET, app: str | None = None) -> Project:
    return load_project(root, VercelConfig(framework=framework), environ={}, app=app)


def names(project: Project) -> list[str]:
    return [function.name for function in project.functions]


def link(root: Path, **data: object) -> None:
    write(root, {".vercel/project.json": json.dumps(data)})


def test_a_framework_app_is_one_function(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "fastapi", "main.py": APP, "api/users.py": APP})
    project = load(tmp_path)
    assert (project.framework, names(project)) == ("fastapi", ["app"])
    assert project.functions[0].entrypoint.file == "main.py"
    assert project.functions[0].path is None
    assert project.root == tmp_path.resolve()


def test_requirements_and_only_api_files_are_functions(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "x", "api/hello.py": HANDLER, "api/[id].py": APP})
    assert names(load(tmp_path)) == ["api/hello", "api/[id]"]


def test_a_handler_in_api_index_is_a_function_beside_the_others(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "x", "api/index.py": HANDLER, "api/hello.py": HANDLER})
    assert names(load(tmp_path)) == ["api/hello", "api/index"]


def test_an_app_in_api_index_takes_everything_and_says_so(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "flask", "api/index.py": APP, "api/hello.py": APP})
    project = load(tmp_path)
    assert names(project) == ["app"]
    assert "api/hello.py is not separate functions" in project.warnings[0].message
    assert names(load(tmp_path, framework=None)) == ["api/hello", "api/index"]


def test_a_preset_without_app_and_functions(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "flask", "app.py": "x = 1"})
    with pytest.raises(EmuError, match="FLASK_ENTRYPOINT_NOT_FOUND"):
        load(tmp_path)


def test_javascript_presets_leave_the_python_functions(tmp_path: Path) -> None:
    package = '{"dependencies": {"next": "15"}}'
    write(tmp_path, {"package.json": package, "requirements.txt": "fastapi", "main.py": APP})
    with pytest.raises(EmuError, match='framework is "nextjs"'):
        load(tmp_path)
    write(tmp_path, {"api/index.py": APP})
    project = load(tmp_path)
    assert (project.framework, names(project)) == ("nextjs", ["api/index"])
    assert project.warnings


def test_fasthtml_keeps_its_api_functions(tmp_path: Path) -> None:
    files = {"requirements.txt": "python-fasthtml", "main.py": APP, "app.py": APP, "api/x.py": APP}
    project = load(write(tmp_path, files))
    assert names(project) == ["api/x", "app"]
    assert project.functions[1].entrypoint.file == "main.py"


def test_vercel_json_wins_over_the_link_and_the_link_over_detection(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "fastapi", "main.py": APP, "api/x.py": HANDLER})
    link(tmp_path, projectId="prj_1", orgId="team_1", settings={"framework": None})
    project = load(tmp_path)
    assert (project.framework, names(project)) == (None, ["api/x"])
    assert (project.project_id, project.org_id) == ("prj_1", "team_1")
    assert names(load(tmp_path, framework="fastapi")) == ["app"]


def test_framework_other_does_not_run_an_app(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "fastapi", "main.py": APP})
    link(tmp_path, settings={"framework": None})
    with pytest.raises(EmuError) as caught:
        load(tmp_path)
    assert "null in .vercel/project.json" in caught.value.message
    assert "--app main:app" in (caught.value.hint or "")
    assert names(load(tmp_path, app="main:app")) == ["app"]


def test_no_manifest_runs_with_a_warning(tmp_path: Path) -> None:
    project = load(write(tmp_path, {"main.py": APP}))
    assert names(project) == ["app"]
    assert project.warnings[0].code == "ENTRYPOINT_NOT_DETECTED"


def test_static_files_alone_are_a_project_and_nothing_is_none(tmp_path: Path) -> None:
    with pytest.raises(EmuError, match="No Python entrypoint could be detected"):
        load(tmp_path)
    write(tmp_path, {"public/index.html": ""})
    assert load(tmp_path).functions == ()


def test_a_root_directory(tmp_path: Path) -> None:
    write(tmp_path, {"apps/web/requirements.txt": "flask", "apps/web/app.py": APP})
    link(tmp_path, projectName="shop", settings={"rootDirectory": "apps/web/"})
    project = load(tmp_path)
    assert (project.root, project.link_root) == (
        (tmp_path / "apps/web").resolve(),
        tmp_path.resolve(),
    )
    assert project.name == "shop"


@pytest.mark.parametrize("directory", ["gone", "../..", "/etc/../..", 5])
def test_a_wrong_root_directory(tmp_path: Path, directory: object) -> None:
    link(tmp_path, settings={"rootDirectory": directory})
    with pytest.raises(EmuError) as caught:
        identify_project(tmp_path)
    assert caught.value.code == "PROJECT_SETTINGS_INVALID"
    assert "rootDirectory" in caught.value.message


@pytest.mark.parametrize("text", ["{", "[]", '{"settings": 1}', '{"projectId": 1}'])
def test_a_wrong_project_json(tmp_path: Path, text: str) -> None:
    write(tmp_path, {".vercel/project.json": text})
    with pytest.raises(EmuError, match=r"\.vercel/project\.json"):
        identify_project(tmp_path)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(EmuError, match="PROJECT_NOT_FOUND"):
        identify_project(tmp_path / "gone")


def test_function_settings(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "flask", "app.py": APP})
    settings = {"app.py": FunctionSettings(max_duration=60), "api/*.py": FunctionSettings()}
    project = load_project(tmp_path, VercelConfig(function_settings=settings), environ={})
    assert project.functions[0].max_duration == 60
    # Python presets don't raise for a pattern without a function; a person still wants to know.
    assert project.warnings[0].where == Where("vercel.json", "functions['api/*.py']")


def test_an_unused_pattern_without_preset_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, {"api/x.py": HANDLER, "api/y.ts": ""})
    good = {"api/*.ts": FunctionSettings(), "api/x.py": FunctionSettings(memory_mb=512)}
    project = load_project(tmp_path, VercelConfig(function_settings=good), environ={})
    assert project.functions[0].memory_mb == 512
    wrong = {"api/z.py": FunctionSettings()}
    with pytest.raises(EmuError) as caught:
        load_project(tmp_path, VercelConfig(function_settings=wrong), environ={})
    assert caught.value.code == "unused_function"


def test_django_settings_travel_with_the_project(tmp_path: Path) -> None:
    manage = (
        "import os\n"
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "conf")\n'
        "from django.core.management import execute_from_command_line\n"
    )
    conf = 'WSGI_APPLICATION = "wsgi.application"\nSTATIC_URL = "/s/"\nSTATIC_ROOT = "out"\n'
    project = load(
        write(
            tmp_path, {"back/manage.py": manage, "back/conf.py": conf, "requirements.txt": "Django"}
        )
    )
    assert project.django is not None
    assert project.django.static_root == str(tmp_path.resolve() / "back" / "out")
    assert project.functions[0].entrypoint.file == "back/wsgi.py"


def test_a_file_that_is_no_python_is_passed_over_with_a_warning(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "app = (", "main.py": "app = 1", "requirements.txt": "flask"})
    project = load(tmp_path)
    assert project.functions[0].entrypoint.file == "main.py"
    (warning,) = project.warnings
    assert warning.code == "ENTRYPOINT_PASSED_OVER"
    assert warning.message.startswith("app.py:1: SyntaxError: ")
    assert str(warning.where) == "app.py:1"


def test_a_function_of_api_that_is_no_python_yet_is_one(tmp_path: Path) -> None:
    write(tmp_path, {"api/good.py": "app = 1", "api/bad.py": "app = (", "api/old.py": "print 'x'"})
    project = load(tmp_path)
    faults = {one.name: one.entrypoint.fault is not None for one in project.functions}
    assert faults == {"api/bad": True, "api/good": False}


def test_pages_beside_something_that_is_no_python_are_a_static_site(tmp_path: Path) -> None:
    project = load(write(tmp_path, {"index.html": "", "app.py": "app = ("}))
    assert project.functions == ()
