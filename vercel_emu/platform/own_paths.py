"""Paths that the emulator itself answers on the deployment's address; a deployment has none."""

from __future__ import annotations

WAIT = "/_emu/wait"
"""Is answered once the code has changed."""
LIVE_SCRIPT = "/_emu/live.js"
VISITOR = "/_emu/visitor"
PAGES_OWN_REQUESTS = (WAIT, LIVE_SCRIPT)
"""What an open page asks by itself, not somebody who uses it."""
