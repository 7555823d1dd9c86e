"""Where the app is looked for, in which order, and what is said when it isn't there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.helpers import find_entrypoint, write
from vercel_emu.errors import EmuError
from vercel_emu.project.detection.entrypoint import (
    candidates,
    module_name,
)

APP = "app = object()\n"


def failure(root: Path, framework: str | None, app: str | None = None) -> EmuError:
    with pytest.raises(EmuError) as caught:
        find_entrypoint(root, framework, app=app)
    return caught.value


def test_the_candidates_are_24_in_the_platforms_order() -> None:
    places = candidates()
    assert len(places) == 24
    assert places[:7] == [
        "app.py", "index.py", "server.py", "main.py", "wsgi.py", "asgi.py", "src/app.py",
    ]  # fmt: skip
    assert places[-1] == "api/asgi.py"


def test_the_first_candidate_with_an_export_wins(tmp_path: Path) -> None:
    write(
        tmp_path, {"app.py": "x = 1", "main.py": "from web import application", "src/app.py": APP}
    )
    found = find_entrypoint(tmp_path, "fastapi")
    assert (found.file, found.module, found.variable) == ("main.py", "main", "application")


@pytest.mark.parametrize("place", candidates())
def test_every_candidate_is_found(tmp_path: Path, place: str) -> None:
    write(tmp_path, {place: APP})
    assert find_entrypoint(tmp_path, "flask").file == place


def test_tool_vercel_wins_over_candidates_and_scripts(tmp_path: Path) -> None:
    toml = '[project.scripts]\napp = "c:app"\n[tool.vercel]\nentrypoint = "pkg.web : create"\n'
    write(tmp_path, {"pyproject.toml": toml, "app.py": APP, "c.py": APP, "pkg/web/__init__.py": ""})
    found = find_entrypoint(tmp_path, "fastapi")
    # The variable isn't looked for in the source: a wrong one fails at boot, as deployed.
    assert (found.file, found.module, found.variable) == (
        "pkg/web/__init__.py",
        "pkg.web",
        "create",
    )


def test_the_option_wins_over_everything(tmp_path: Path) -> None:
    toml = '[tool.vercel]\nentrypoint = "gone:app"\n'
    write(tmp_path, {"pyproject.toml": toml, "a/b.py": "handler = 1\nclass Handler: ..."})
    assert find_entrypoint(tmp_path, None, app="a.b:thing").variable == "thing"
    for spelling in ("a.b", "a/b.py", "./a/b.py", "a/b"):
        found = find_entrypoint(tmp_path, None, app=spelling)
        assert (found.file, found.module, found.variable) == ("a/b.py", "a.b", "Handler")


@pytest.mark.parametrize("app", ["gone:app", "", ":app", "../x.py:app", "/etc/x.py", "a:b-c"])
def test_a_wrong_option(tmp_path: Path, app: str) -> None:
    write(tmp_path, {"a.py": APP})
    error = failure(tmp_path, None, app)
    assert error.code == "PYTHON_ENTRYPOINT_NOT_FOUND"
    assert error.message == f'Configured Python entrypoint "{app}" was not found.'
    assert error.hint


def test_an_option_without_variable_needs_an_export(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "x = 1"})
    assert failure(tmp_path, None, "a").message == (
        'Could not find a top-level "app", "application", or "handler" in "a.py".'
    )


def test_the_legacy_script_comes_after_the_candidates(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[project.scripts]\napp = "web.run:go"', "web/run.py": ""})
    assert find_entrypoint(tmp_path, "fastapi").file == "web/run.py"
    write(tmp_path, {"main.py": APP})
    assert find_entrypoint(tmp_path, "fastapi").file == "main.py"


@pytest.mark.parametrize("value", ["12", '"main"', '""', "[]", '":app"'])
def test_a_malformed_tool_vercel_entrypoint(tmp_path: Path, value: str) -> None:
    write(tmp_path, {"pyproject.toml": f"[tool.vercel]\nentrypoint = {value}", "app.py": APP})
    error = failure(tmp_path, "fastapi")
    assert error.code == "PYTHON_INVALID_ENTRYPOINT"
    assert error.message == (
        '"tool.vercel.entrypoint" in "pyproject.toml" must be a string in "module:object" '
        'format (e.g. "main:app").'
    )


def test_a_missing_tool_vercel_module_does_not_fall_through(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[tool.vercel]\nentrypoint = "x.y:app"', "app.py": APP})
    error = failure(tmp_path, "fastapi")
    assert error.code == "PYTHON_ENTRYPOINT_NOT_FOUND"
    assert error.message.startswith(
        '"tool.vercel.entrypoint" in "pyproject.toml" is "x.y:app" but no matching module'
    )
    assert error.hint == "Looked for x/y.py and x/y/__init__.py."


def test_broken_toml_names_line_and_column(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": "[project]\nname = oops\n"})
    error = failure(tmp_path, "fastapi")
    assert error.code == "PYPROJECT_INVALID"
    assert "pyproject.toml" in error.message
    assert "at line 2, column 8" in error.message


@pytest.mark.parametrize(
    ("framework", "files", "message"),
    [
        ("fastapi", ["app.py"], 'app.py but it does not define a top-level "app" FastAPI instance.'),  # noqa: E501
        ("flask", ["app.py", "main.py"], 'app.py, main.py but none define a top-level "app" Flask instance.'),  # noqa: E501
        ("fasthtml", ["main.py"], 'main.py but it does not define a top-level "app" FastHTML instance.'),  # noqa: E501
        ("django", ["a/wsgi.py"], 'a/wsgi.py but it does not define a top-level "application" ASGI or WSGI instance.'),  # noqa: E501
        ("python", ["index.py"], 'index.py but it does not export a top-level PLAIN variable.'),
        ("python", ["app.py", "index.py", "main.py", "server.py"], 'app.py, index.py, server.py but none export a top-level PLAIN variable.'),  # noqa: E501
    ],
)  # fmt: skip
def test_candidates_without_export(
    tmp_path: Path, framework: str, files: list[str], message: str
) -> None:
    write(tmp_path, dict.fromkeys(files, "x = 1"))
    error = failure(tmp_path, framework)
    assert error.code == f"{framework.upper()}_ENTRYPOINT_NOT_FOUND"
    plain = '"app", "application", or "handler"'
    assert error.message == "Found " + message.replace("PLAIN", plain)


def test_a_script_whose_module_is_missing(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": '[project.scripts]\napp = "a.b:app"'})
    assert failure(tmp_path, "flask").message == (
        'pyproject.toml [project.scripts] defines app = "a.b:app" but a/b.py or a/b/__init__.py '
        "was not found."
    )


def test_potential_entrypoints_elsewhere(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "tools/serve.py": "class Handler: ...",
            "backend/web/__init__.py": APP,
            ".hidden/main.py": APP,
            "node_modules/x/main.py": APP,
            "env/pyvenv.cfg": "",
            "env/lib/main.py": APP,
        },
    )
    assert failure(tmp_path, "fastapi").message == (
        "No FastAPI entrypoint found in default locations, but found potential entrypoints:\n"
        "  backend/web/__init__.py (variable: app)\n"
        "  tools/serve.py (variable: Handler)\n\n"
        'Add this to your pyproject.toml:\n\n[tool.vercel]\nentrypoint = "backend.web:app"'
    )


def test_nothing_at_all(tmp_path: Path) -> None:
    error = failure(tmp_path, "fastapi")
    assert error.message == (
        'No FastAPI entrypoint found. Set "tool.vercel.entrypoint" in pyproject.toml or define '
        f"an entrypoint in one of: {', '.join(candidates())}."
    )
    assert failure(tmp_path, None).message == (
        "No Python entrypoint could be detected. Please specify an entrypoint file."
    )


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("app.py", "app"),
        ("src/pkg/web.py", "src.pkg.web"),
        ("pkg/__init__.py", "pkg"),
        ("__init__.py", "__init__"),
        ("api/[id].py", "api.[id]"),
    ],
)
def test_module_name(file: str, module: str) -> None:
    assert module_name(file) == module


@pytest.mark.parametrize(
    ("source", "variable"),
    [
        ("app = FastAPI(", "app"),
        ("app: FastAPI = (", "app"),
        ("application = (", "application"),
        ("x ==== 1\nfrom web import app\n", "app"),
        ("from web import a, b as application\ndef f(:\n", "application"),
        ("class handler(Base):\ndef", "handler"),
        ("async def app(scope, receive, send)\n    pass", "app"),
        ("def application(environ, start)\n", "application"),
    ],
)
def test_a_file_that_is_no_python_is_the_app_it_means_to_be(
    tmp_path: Path, source: str, variable: str
) -> None:
    found = find_entrypoint(write(tmp_path, {"app.py": source}), "python")
    assert (found.file, found.variable) == ("app.py", variable)
    assert found.fault is not None
    assert found.fault.line in (1, 2)


def test_a_file_in_utf_16_is_the_app_it_means_to_be(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes("import x\r\napp = FastAPI()\r\n".encode("utf-16"))
    found = find_entrypoint(tmp_path, "fastapi")
    assert (found.file, found.variable) == ("main.py", "app")
    assert found.fault is not None
    assert "UTF-16" in found.fault.reason


def test_a_file_that_is_no_python_comes_after_all_that_are(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": "app = (", "src/main.py": "app = 1"})
    found = find_entrypoint(tmp_path, "python")
    assert (found.file, found.fault) == ("src/main.py", None)


@pytest.mark.parametrize("source", ["x = (", "print 'app'", "if x:\n    app = (\n", "app == ("])
def test_one_that_means_to_export_nothing_is_told_with_its_line(
    tmp_path: Path, source: str
) -> None:
    write(tmp_path, {"app.py": f"# app\n{source}"})
    with pytest.raises(EmuError) as caught:
        find_entrypoint(tmp_path, "python")
    assert caught.value.where is not None
    assert str(caught.value.where).startswith("app.py:")
    assert "SyntaxError: " in (caught.value.hint or "")
