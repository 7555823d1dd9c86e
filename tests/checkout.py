"""Where the parts of this checkout lie that tests need as files."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
PACKAGE = ROOT / "vercel_emu"
GUEST = ROOT / "vercel_emu" / "guest"


def code_blocks(page: Path, language: str = r"\w+") -> list[str]:
    """The blocks of code in a page of the documentation, without their fences."""
    pattern = rf"^```{language}\n(.*?)^```$"
    return re.findall(pattern, page.read_text(), re.MULTILINE | re.DOTALL)
