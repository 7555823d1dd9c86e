"""Files that run inside a function's process, under the app's own interpreter."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
