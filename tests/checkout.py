"""Where the parts of this checkout lie that tests need as files."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
PACKAGE = ROOT / "vercel_emu"
GUEST = ROOT / "vercel_emu" / "guest"
