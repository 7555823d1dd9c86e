"""`vercel-emu play`: `command.py` reads what is asked for, `performing.py` plays it."""

from vercel_emu.cli.commands.play.command import play

__all__ = ["play"]
