"""Paths that the emulator itself answers on the deployment's address; a deployment has none."""

from __future__ import annotations

WAIT = "/_emu/wait"
"""Is answered once the code has changed."""
LIVE_SCRIPT = "/_emu/live.js"
VISITOR = "/_emu/visitor"
PAGES_OWN_REQUESTS = (WAIT, LIVE_SCRIPT)
"""What an open page asks by itself, not somebody who uses it."""

ICON = (
    '<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns=\'http://www.w3.org/2000/svg\' '
    "viewBox='0 0 9 8'%3E%3Cpath fill='gray' d='M4.5 0 9 8H0z'/%3E%3C/svg%3E\">"
)
"""In the head of the emulator's own pages, so that no browser asks the app for an icon."""
