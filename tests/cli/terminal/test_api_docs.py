"""Where a FastAPI app shows its documentation: only where its source leaves no doubt."""

from __future__ import annotations

import pytest

from vercel_emu.cli.terminal.api_docs import docs_path

IMPORT = "from fastapi import FastAPI\n"


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (IMPORT + "app = FastAPI()", "/docs"),
        (IMPORT + "app: FastAPI = FastAPI(title='x', version=V)", "/docs"),
        (IMPORT + "app = FastAPI(docs_url='/help')", "/help"),
        (IMPORT + "app = FastAPI(openapi_url='/api/openapi.json')", "/docs"),
        (IMPORT + "a = app = FastAPI()\n@app.get('/')\ndef f(): ...", "/docs"),
        ("import fastapi\napp = fastapi.FastAPI()", "/docs"),
        ("import fastapi as f\napp = f.FastAPI()", "/docs"),
        ("from fastapi import FastAPI as Api\napp = Api()", "/docs"),
        (IMPORT + "app = FastAPI(docs_url=None)", None),
        (IMPORT + "app = FastAPI(openapi_url=None)", None),
        (IMPORT + "app = FastAPI(openapi_url='')", None),
        (IMPORT + "app = FastAPI(docs_url=DOCS)", None),
        (IMPORT + "app = FastAPI(docs_url=f'/{x}')", None),
        (IMPORT + "app = FastAPI(root_path='/api')", None),
        (IMPORT + "app = FastAPI(**settings)", None),
        (IMPORT + "app = create_app()", None),
        (IMPORT + "app = FastAPI()\napp = Wrapped(app)", None),
        (IMPORT + "other = FastAPI()", None),
        (IMPORT + "if True:\n    app = FastAPI()", None),
        ("from mine import FastAPI\napp = FastAPI()", None),
        ("from .fastapi import FastAPI\napp = FastAPI()", None),
        ("app = FastAPI()", None),
        ("from app.main import app", None),
        ("def app(: no Python", None),
    ],
)
def test_the_path(source: str, path: str | None) -> None:
    assert docs_path(source.encode(), "app") == path
