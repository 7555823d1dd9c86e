"""Files that the code reads, against what a function has in a deployment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.check.helpers import checked, found

APP = "from fastapi import FastAPI\napp = FastAPI()\n"
DATA = {"data/a.json": "{}", "public/page.html": "", "templates/x.html": "", "kept.txt": ""}
HEAD = "import json, os, sqlite3\nfrom pathlib import Path\nHERE = Path(__file__).parent\n"


def findings(root: Path, code: str, **more: str) -> list[tuple[str, str, str]]:
    """What check says of a project whose main.py has this code; `more` by name, `__` for a dot."""
    files = {name.replace("__", "."): text for name, text in more.items()}
    main = APP + HEAD + code
    report = checked(root, {"requirements.txt": "fastapi", **DATA, **files, "main.py": main})
    return [one for one in found(report) if one[1] in ("READS_LEFT_OUT", "IMPORT_LEFT_OUT")]


@pytest.mark.parametrize(
    "code",
    [
        "D = json.load(open('data/a.json'))",
        "D = open(HERE / 'data' / 'a.json', 'rb').read()",
        "D = (HERE / 'data/a.json').read_text()",
        "D = Path('data', 'a.json').read_bytes()",
        "with open(os.path.join(os.path.dirname(__file__), 'data', 'a.json')) as f: D = f.read()",
        "with Path('data/a.json').open() as f: D = f.read()",
        "D = os.listdir('data')",
        "D = [*(HERE / 'data').iterdir()]",
        "D = sqlite3.connect('data/a.json')",
        "from fastapi.staticfiles import StaticFiles\nS = StaticFiles(directory='data')",
        "from fastapi.templating import Jinja2Templates\nT = Jinja2Templates(directory='data')",
        "from starlette.templating import Jinja2Templates as J\nT = J('data')",
        "def load():\n    return open('data/a.json')\nD = load()",
    ],
)
def test_what_the_app_reads_when_it_is_imported(tmp_path: Path, code: str) -> None:
    assert [one[:2] for one in findings(tmp_path, code, __vercelignore="data\n")] == [
        ("error", "READS_LEFT_OUT")
    ]


@pytest.mark.parametrize(
    "code",
    [
        "@app.get('/')\ndef home():\n    return open('data/a.json').read()",
        "@app.get('/')\nasync def home():\n    with open('data/a.json') as f:\n        return f",
        "class A:\n    def get(self):\n        return Path('data/a.json').read_text()",
        "from fastapi.responses import FileResponse as F\ndef home():\n    return F('data/a.json')",
        "import pandas as pd\n@app.get('/')\ndef home():\n    return pd.read_json('data/a.json')",
    ],
)
def test_what_a_function_reads_is_a_warning(tmp_path: Path, code: str) -> None:
    assert [one[:2] for one in findings(tmp_path, code, __vercelignore="data\n")] == [
        ("warning", "READS_LEFT_OUT")
    ]


@pytest.mark.parametrize(
    "code",
    [
        "D = open('kept.txt')",
        "D = open('data/never.json')",
        "D = open('data/new.json', 'w')",
        "D = open('/tmp/data/a.json')",
        "D = open('/data/a.json')",
        "D = open(os.environ['X'] + '/data/a.json')",
        "if os.path.exists('data/a.json'):\n    D = open('data/a.json')",
        "try:\n    D = open('data/a.json')\nexcept OSError:\n    D = None",
        "try:\n    D = open('data/a.json')\nexcept Exception:\n    D = None",
        "if __name__ == '__main__':\n    D = open('data/a.json')",
        "def home(path):\n    return open(path)",
        "def home(x):\n    if not x:\n        return 0\n    return open('data/a.json')",
        "def home(x):\n    if x:\n        return open('data/a.json')",
        "def home(HERE):\n    return (HERE.x / 'data/a.json').read_text()",
        "name = 'data/a.json'\ndef home(name):\n    return open(name)",
        "from fastapi.staticfiles import StaticFiles as F\nS = F(directory='data',check_dir=False)",
    ],
)
def test_nothing_is_said_of_what_is_not_certain(tmp_path: Path, code: str) -> None:
    assert findings(tmp_path, code, __vercelignore="data\n") == []


def test_each_file_is_told_once_and_where(tmp_path: Path) -> None:
    code = "D = open('data/a.json')\nE = open('data/a.json')\n"
    assert findings(tmp_path, code, __vercelignore="# big\ndata\n") == [
        ("error", "READS_LEFT_OUT", "main.py:6")
    ]
    report = checked(tmp_path, {})
    told = next(one for one in report.findings if one.code == "READS_LEFT_OUT")
    assert told.message == "data/a.json is read, but no function has it in a deployment"
    assert told.hint.startswith(".vercelignore:2 (`data`)")


def test_exclude_files_and_folders_named_public(tmp_path: Path) -> None:
    config = {"functions": {"main.py": {"excludeFiles": "templates/**"}}}
    code = "D = open('public/page.html')\nE = (HERE / 'templates' / 'x.html').read_text()\n"
    assert findings(tmp_path, code, vercel__json=json.dumps(config)) == [
        ("error", "READS_LEFT_OUT", "main.py:6"),
        ("error", "READS_LEFT_OUT", "main.py:7"),
    ]
    config["functions"]["main.py"]["includeFiles"] = "{public,templates}/**"
    assert findings(tmp_path, code, vercel__json=json.dumps(config)) == []


def test_a_mounted_public_folder_is_a_warning(tmp_path: Path) -> None:
    code = "from fastapi.staticfiles import StaticFiles\nS = StaticFiles(directory='public')"
    assert [one[0] for one in findings(tmp_path, code)] == ["warning"]


def test_a_function_that_has_the_file_is_enough(tmp_path: Path) -> None:
    config = {"framework": None, "functions": {"api/a.py": {"excludeFiles": "data/**"}}}
    read = "import lib\n" + APP
    files = {
        "vercel.json": json.dumps(config),
        "requirements.txt": "fastapi",
        "lib.py": "D = open('data/a.json')\n",
        "data/a.json": "",
        "api/a.py": read,
    }
    codes = [one.code for one in checked(tmp_path, files).findings]
    assert "READS_LEFT_OUT" in codes
    codes = [one.code for one in checked(tmp_path, {"api/b.py": read}).findings]
    assert "READS_LEFT_OUT" not in codes


def test_a_module_that_the_bundle_lacks(tmp_path: Path) -> None:
    config = {"functions": {"main.py": {"excludeFiles": "tools/**"}}}
    files = {"tools/x.py": "", "tools/__init__.py": "", "vercel.json": json.dumps(config)}
    report = checked(
        tmp_path, {**files, "requirements.txt": "fastapi", "main.py": f"import tools.x\n{APP}"}
    )
    assert {one.message for one in report.findings if one.code == "IMPORT_LEFT_OUT"} == {
        "tools/__init__.py is imported, but no function has it in a deployment",
        "tools/x.py is imported, but no function has it in a deployment",
    }
    assert report.errors == 2


def test_scripts_beside_the_app_do_not_count(tmp_path: Path) -> None:
    files = {"scripts/seed.py": "D = open('data/a.json')\n", ".vercelignore": "data\nscripts\n"}
    write = {"requirements.txt": "fastapi", "main.py": APP, **DATA, **files}
    assert found(checked(tmp_path, write)) == []


@pytest.mark.parametrize("is_repository", [True, False])
@pytest.mark.parametrize("pattern", ["data/", "data", "*.json", "/data/a.json"])
def test_what_git_ignores_is_a_warning(tmp_path: Path, pattern: str, is_repository: bool) -> None:
    if is_repository:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    code = "D = open('data/a.json')\n"
    assert findings(tmp_path, code, __gitignore=f"{pattern}\n") == [
        ("warning", "READS_LEFT_OUT", "main.py:6")
    ]


def test_a_build_command_may_make_what_git_has_not(tmp_path: Path) -> None:
    config = json.dumps({"buildCommand": "python make_data.py"})
    code = "D = open('data/a.json')\n"
    assert findings(tmp_path, code, __gitignore="data\n", vercel__json=config) == []
