"""A local emulator of the Vercel Python functions platform."""

from __future__ import annotations

from vercel_emu.errors import EmuError
from vercel_emu.visitors.visitor import Visitor

__version__ = "0.1.0"
__all__ = ["EmuError", "Visitor", "__version__"]
