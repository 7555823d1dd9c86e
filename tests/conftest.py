"""For every test: nothing leaves this machine, and nothing fails unheard."""

from __future__ import annotations

import logging
import os

import pytest

# Read by the official SDK when it is imported.
os.environ["VERCEL_TELEMETRY_DISABLED"] = "1"


class _Complaints(logging.Handler):
    """Keeps what asyncio logs as errors: exceptions that no task's owner ever looked at."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


_complaints = _Complaints()
logging.getLogger("asyncio").addHandler(_complaints)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Fail on a lost exception: told when its task is collected, perhaps in a later test."""
    texts = _complaints.texts[:]
    _complaints.texts.clear()
    assert not texts, "\n".join(texts)
