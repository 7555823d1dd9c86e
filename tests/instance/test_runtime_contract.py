"""What the emulator relies on inside `vercel_runtime`, by name: a new release that moves any of it
fails here, and says what moved."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
from pathlib import Path

import pytest

SPEC = importlib.util.find_spec("vercel_runtime")
assert SPEC is not None
assert SPEC.origin is not None
FOLDER = Path(SPEC.origin).parent
VC_INIT = (FOLDER / "vc_init.py").read_text()


def constant(name: str) -> object:
    """A constant of `vc_init`, which can't be imported: importing it is running it."""
    for node in ast.parse(VC_INIT).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"vercel_runtime.vc_init has no constant {name} any more")


def test_own_code_is_imported_by_the_resolvers_import_module() -> None:
    from vercel_runtime import resolver

    assert list(inspect.signature(resolver.import_module).parameters) == ["name", "path"]
    assert "from vercel_runtime.resolver import" in VC_INIT
    assert "import_module(_entrypoint_modname, _entrypoint_abs)" in VC_INIT


def test_everything_but_the_servers_is_set_up_before_that_import() -> None:
    place = VC_INIT.index("import_module(_entrypoint_modname")
    assert VC_INIT.index("setup_logging(send_message, storage)") < place
    assert VC_INIT.index("_mark_phase(_PHASE_BOOTSTRAP)") < place
    assert VC_INIT.index("from vercel_runtime._vendor import uvicorn") > place


def test_the_cold_start_clock_can_be_restarted() -> None:
    assert "_boot_start = _boot_started_at()" in VC_INIT
    assert "_phase_marks: dict[str, float] = {}" in VC_INIT
    assert constant("_PHASE_BOOTSTRAP") == "bootstrap"


def test_the_ping_is_answered_without_own_code() -> None:
    assert constant("_PING_PATH") == "/_vercel/ping"


@pytest.mark.parametrize(
    "name",
    [
        "__VC_HANDLER_MODULE_NAME",
        "__VC_HANDLER_ENTRYPOINT",
        "__VC_HANDLER_ENTRYPOINT_ABS",
        "__VC_HANDLER_VARIABLE_NAME",
        "VERCEL_IPC_PATH",
    ],
)
def test_boot_variables(name: str) -> None:
    assert f'"{name}"' in VC_INIT


@pytest.mark.parametrize("kind", ["server-started", "handler-started", "end", "log"])
def test_messages(kind: str) -> None:
    assert f'"type": "{kind}"' in VC_INIT


def test_the_cache_client_seam() -> None:
    from vercel_runtime import cache

    assert callable(cache._load_vercel_cache_modules)


def test_wsgi_and_handlers_are_served_by_socketserver() -> None:
    assert 'ThreadingHTTPServer(("127.0.0.1", 0), handler_class)' in VC_INIT


def test_output_goes_through_what_can_be_put_in_between() -> None:
    assert "_ipc_sock.sendall((json.dumps(message)" in VC_INIT
    assert "def write(self, message: str) -> None:" in VC_INIT
    assert "self.stream_name = stream_name" in VC_INIT
    assert "target.write(sep.join(map(str, args)) + end)" in VC_INIT


def test_what_follows_the_text_of_a_log_message_is_short() -> None:
    message, ends = (
        '"message": base64.b64encode(',
        ['"level": level,', '"stream": self.stream_name,'],
    )
    for place in (part.start() for part in re.finditer(re.escape(message), VC_INIT)):
        after = VC_INIT[place : place + 300]
        assert any(end in after for end in ends)
