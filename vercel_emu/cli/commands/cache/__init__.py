"""`vercel-emu cache`: the group, and its commands registered on it."""

from vercel_emu.cli.commands.cache.commands import cache

__all__ = ["cache"]
