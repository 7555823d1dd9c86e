"""What is done while the app is imported, where a deployment can't do it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.check.helpers import checked, found

APP = "from flask import Flask\napp = Flask(__name__)\n"
FILES = {
    "requirements.txt": "flask\nvercel\n",
    "data/old.db": "",
    "static/a.css": "",
}


def lines(root: Path, source: str, more: dict[str, str] | None = None) -> list[tuple[str, str]]:
    report = checked(root, {**FILES, **(more or {}), "app.py": f"{source}\n{APP}"})
    return [(code, place) for _, code, place in found(report)]


@pytest.mark.parametrize(
    "source",
    [
        "import sqlite3; db = sqlite3.connect('shop.db')",
        "from sqlite3 import connect; db = connect(database='data/new.db')",
        "open('log.txt', 'w').write('x')",
        "log = open('log.txt', mode='a+')",
        "open('data/old.db', 'r+b')",
        "open(__file__ + '.log', 'x')",
        "open('/var/log/app.log', 'a')",
        "import os; os.makedirs('uploads', exist_ok=True)",
        "import os; os.mkdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'uploads'))",
        "from os import makedirs; makedirs('static/made')",
        "from pathlib import Path; Path('x.txt').write_text('x')",
        "from pathlib import Path; (Path(__file__).parent / 'x').touch()",
        "import pathlib; pathlib.Path('uploads').mkdir(parents=True, exist_ok=True)",
        "from pathlib import Path; Path('x').open('wb')",
        "import logging; logging.basicConfig(filename='app.log')",
        "import logging; h = logging.FileHandler('app.log')",
        "from logging.handlers import RotatingFileHandler as R; h = R('app.log', maxBytes=9)",
        "import shutil; shutil.copy('static/a.css', 'static/b.css')",
        "import json; json.dump({}, open('state.json', 'w'))",
        "with open('log.txt', 'w') as file: file.write('x')",
        "def setup(): open('log.txt', 'w')\nsetup()",
        "import os\nif not os.path.exists('uploads'): os.makedirs('uploads')",
        "from pathlib import Path\nD = Path('uploads')\nif not D.exists(): D.mkdir()",
        "try:\n    open('x', 'w')\nexcept ValueError:\n    pass",
        "try:\n    open('x', 'w')\nexcept OSError:\n    raise",
        "class Store:\n    file = open('x', 'w')",
    ],
)
def test_writes(tmp_path: Path, source: str) -> None:
    ((code, place),) = lines(tmp_path, source)
    assert code == "WRITE_AT_IMPORT"
    assert place.startswith("app.py:")


@pytest.mark.parametrize(
    "names",
    [
        "BASE = Path(__file__).resolve().parent\nUP = BASE / 'uploads'\nUP.mkdir(exist_ok=True)",
        "BASE = os.path.dirname(__file__)\nUP = os.path.join(BASE, 'uploads')\nos.makedirs(UP)",
        "UP = 'uploads'\nos.makedirs(f'{UP}/a')",
        "UP: str = 'uploads'\nos.makedirs(UP + '/a')",
        "ROOT = Path(__file__).parents[0]\n(ROOT / 'x').write_bytes(b'')",
        "UP = os.path.join(os.getcwd(), 'uploads')\nos.makedirs(UP)",
        "UP = 'uploads'\ndef make(): os.makedirs(UP)\nmake()",
    ],
)
def test_paths_by_name(tmp_path: Path, names: str) -> None:
    found = lines(tmp_path, f"import os\nfrom pathlib import Path\n{names}")
    assert [code for code, _ in found] == ["WRITE_AT_IMPORT"]


@pytest.mark.parametrize(
    "source",
    [
        "import sqlite3; db = sqlite3.connect(':memory:')",
        "import sqlite3; db = sqlite3.connect('/tmp/shop.db')",
        "import sqlite3; db = sqlite3.connect('data/old.db')",
        "import sqlite3; db = sqlite3.connect('file:shop.db?mode=ro', uri=True)",
        "import os, sqlite3; db = sqlite3.connect(os.environ.get('DB', 'shop.db'))",
        "import os, tempfile; os.makedirs(os.path.join(tempfile.gettempdir(), 'x'))",
        "import os; os.makedirs('/tmp/uploads', exist_ok=True)",
        "import os; os.makedirs('static', exist_ok=True)",
        "import os; os.makedirs('../../../tmp/uploads', exist_ok=True)",
        "open('data/old.db').read()",
        "open('data/old.db', 'rb').read()",
        "mode = 'w'\nopen('x', mode)",
        "open(0)",
        "from pathlib import Path; Path('data/old.db').read_text()",
        "from pathlib import Path; Path('/tmp/x').write_text('x')",
        "from pathlib import Path; Path.home().joinpath('x').touch()",
        "from pathlib import Path; Path('~/x').expanduser().touch()",
        "import logging; logging.basicConfig(level=logging.INFO)",
        "import logging; logging.basicConfig(filename=None)",
        "import logging; h = logging.FileHandler('app.log', delay=True)",
        "import logging; h = logging.FileHandler('/tmp/app.log')",
        "def save(): open('x', 'w')",
        "save = lambda: open('x', 'w')",
        "class Store:\n    def __init__(self): open('x', 'w')",
        "try:\n    open('x', 'w')\nexcept OSError:\n    pass",
        "try:\n    open('x', 'w')\nexcept Exception as error:\n    print(error)",
        "import contextlib\nwith contextlib.suppress(OSError): open('x', 'w')",
        "import os\nif os.environ.get('LOCAL'): open('x', 'w')",
        "import os\nif not os.path.exists('data/old.db'): open('data/old.db', 'w')",
        "from pathlib import Path\nD = Path('static')\nif not D.is_dir(): D.mkdir()",
        "import os\nif not os.environ.get('VERCEL'): os.makedirs('uploads')",
        "if __name__ == '__main__': open('x', 'w')",
        "def make(name='uploads'): open(name, 'w')\nname = 'x'\nif app: make()",
        "import os\nUP = '/tmp/a' if os.environ.get('VERCEL') else 'a'\nos.makedirs(UP)",
        "import os\nUP = 'a'\nif os.environ.get('VERCEL'): UP = '/tmp/a'\nos.makedirs(UP)",
    ],
)
def test_no_writes(tmp_path: Path, source: str) -> None:
    assert lines(tmp_path, source) == []


def test_files_that_the_app_imports_count(tmp_path: Path) -> None:
    more = {"db.py": "import sqlite3\nconn = sqlite3.connect('a.db')\n"}
    assert lines(tmp_path, "import db", more) == [("WRITE_AT_IMPORT", "db.py:2")]
    assert lines(tmp_path, "def view():\n    import db", more) == []
    assert lines(tmp_path, "", more) == []


def test_an_empty_folder_is_not_deployed(tmp_path: Path) -> None:
    (tmp_path / "uploads").mkdir()
    source = "import os; os.makedirs('uploads', exist_ok=True)"
    assert lines(tmp_path, source) == [("WRITE_AT_IMPORT", "app.py:1")]


@pytest.mark.parametrize(
    ("source", "places"),
    [
        ("from vercel.functions import RuntimeCache\nRuntimeCache().set('a', 1)", ["app.py:2"]),
        ("from vercel.cache import RuntimeCache as R\nc = R()\nc.get('a')", ["app.py:3"]),
        ("import vercel.functions as f\nc = f.get_cache()\nc.delete('a')", ["app.py:3"]),
        ("from vercel.functions import RuntimeCache\nc = RuntimeCache()", []),
        ("from vercel.cache import RuntimeCache\nc = RuntimeCache()\ndef f(): c.get('a')", []),
        ("from cachelib import SimpleCache\nc = SimpleCache()\nc.set('a', 1)", []),
    ],
)
def test_the_runtime_cache(tmp_path: Path, source: str, places: list[str]) -> None:
    more = {"requirements.txt": "flask\nvercel\ncachelib\n"}
    assert lines(tmp_path, source, more) == [("CACHE_AT_IMPORT", place) for place in places]
