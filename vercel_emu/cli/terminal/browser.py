"""Opening an address in the person's browser, without a word of the opener's in the log."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
from collections.abc import Mapping


async def open_in_browser(url: str) -> bool:
    """Whether a browser could be told to show it; a text browser in this terminal is none."""
    command = opener(sys.platform, os.environ)
    if command is None:
        return False
    quiet = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, url, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
        )
    except OSError:
        return False
    return await process.wait() == 0


def opener(platform: str, environ: Mapping[str, str]) -> list[str] | None:
    """The command that an address is given to, if there is one."""
    if platform == "darwin":
        return ["open"]
    path = environ.get("PATH")
    for name in ("wslview", "xdg-open"):
        if found := shutil.which(name, path=path):
            return [found]
    words = shlex.split(environ.get("BROWSER", "").partition(":")[0])
    return [word for word in words if word != "%s"] or None
