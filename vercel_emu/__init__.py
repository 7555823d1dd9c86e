"""A local emulator of the Vercel Python functions platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vercel_emu.errors import EmuError
from vercel_emu.visitors.visitor import Visitor

if TYPE_CHECKING:
    from vercel_emu.testing.emulator import AsyncEmulator, Emulator

__version__ = "0.1.0"
__all__ = ["AsyncEmulator", "EmuError", "Emulator", "Visitor", "__version__"]


def __getattr__(name: str) -> Any:
    """`Emulator` on demand: the package itself stays light, and needs no httpx."""
    if name not in ("Emulator", "AsyncEmulator"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from vercel_emu.testing import emulator
    except ModuleNotFoundError as error:
        if error.name != "httpx":
            raise
        raise EmuError(
            "MISSING_EXTRA",
            "The Python API needs httpx, which is not installed.",
            'Install the extra: pip install "vercel-emu[testing]"',
        ) from None
    return getattr(emulator, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
