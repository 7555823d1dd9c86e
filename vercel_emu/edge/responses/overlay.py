"""What the emulator's error pages can do beyond the platform's: reload themselves, open an editor.

Where an app answers a browser with a bare 500 and a traceback was logged for that invocation, the
page is the emulator's too. Programs, scripts of a page and `--no-overlay` get the app's own answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path, PurePath
from urllib.parse import quote

from vercel_emu.errors import EmuError
from vercel_emu.transport.headers import RawHeaders

LARGEST_BARE = 2048
"""Bytes of the longest answer that is looked at; those of the frameworks have under 400."""
_BARE = re.compile(rb"internal server error|server error \(500\)", re.IGNORECASE)
_PLACE = re.compile(r"File &quot;(?P<file>[^&]+)&quot;, line (?P<line>\d+)")

EDITORS = {
    "vscode": "vscode://file/{file}:{line}",
    "vscodium": "vscodium://file/{file}:{line}",
    "cursor": "cursor://file/{file}:{line}",
    "windsurf": "windsurf://file/{file}:{line}",
    "zed": "zed://file/{file}:{line}",
    "pycharm": "pycharm://open?file={file}&line={line}",
    "idea": "idea://open?file={file}&line={line}",
    "sublime": "subl://open?url=file://{file}&line={line}",
    "textmate": "txmt://open?url=file://{file}&line={line}",
    "none": "",
}
"""How each editor is asked to open a file; as its own documentation has it."""
_COMMANDS = {
    "code": "vscode",
    "codium": "vscodium",
    "subl": "sublime",
    "mate": "textmate",
    "charm": "pycharm",
}
"""Commands that don't have the editor's name."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What error pages do.

    `on`: they reload themselves when the code changes, and stand in for bare answers of the app.
    `editor` is a URL with `{file}` and `{line}`, empty for no links; `root` is the project's
    folder.
    """

    on: bool = True
    editor: str = ""
    root: str = "/"

    def place(self, location: str) -> str:
        """`file:line` (relative to the project) as HTML."""
        file, _, line = location.rpartition(":")
        return self._link(str(PurePath(self.root, file)), line, escape(location))

    def traceback(self, text: str) -> str:
        """A traceback as HTML, with links in the frames of the project's own files."""

        def link(found: re.Match[str]) -> str:
            file = found["file"]
            if not file.startswith(f"{self.root}/"):
                return found[0]
            return self._link(file, found["line"], found[0])

        return _PLACE.sub(link, escape(text))

    def _link(self, file: str, line: str, text: str) -> str:
        if not self.editor:
            return text
        url = self.editor.replace("{file}", quote(file)).replace("{line}", line)
        return f'<a href="{escape(url)}">{text}</a>'


NO_OVERLAY = Overlay(on=False)


def editor_url(chosen: str | None, environ: Mapping[str, str]) -> str:
    """The URL that opens an editor: one of `EDITORS` by name, or one with `{file}` and `{line}`.

    Without a choice it is the editor whose terminal this is, or that of `VISUAL` or `EDITOR`, or
    Visual Studio Code.

    Raises:
        EmuError: no editor has that name, and it is no such URL.
    """
    if chosen is None:
        return EDITORS[_editor_of(environ)]
    if chosen in EDITORS:
        return EDITORS[chosen]
    if "{file}" in chosen and ":" in chosen:
        return chosen
    raise EmuError(
        "UNKNOWN_EDITOR",
        f"--editor: there is no editor {chosen!r}.",
        f"Give one of {', '.join(EDITORS)}, or a URL such as {EDITORS['vscode']}.",
    )


def _editor_of(environ: Mapping[str, str]) -> str:
    if environ.get("TERM_PROGRAM") == "vscode":
        return "cursor" if "CURSOR_TRACE_ID" in environ else "vscode"
    if environ.get("TERMINAL_EMULATOR", "").startswith("JetBrains"):
        return "pycharm"
    if environ.get("TERM_PROGRAM") == "zed":
        return "zed"
    for variable in ("VISUAL", "EDITOR"):
        command = Path((environ.get(variable, "").split() or [""])[0]).name
        name = _COMMANDS.get(command, command)
        if name in EDITORS:
            return name
    return "vscode"


def is_navigation(method: str, headers: RawHeaders) -> bool:
    """Whether a person's browser asks for a page, not a script for data (Fetch Metadata)."""
    values = dict(headers)
    if method not in ("GET", "POST") or b"text/html" not in values.get(b"accept", b""):
        return False
    return values.get(b"sec-fetch-mode", b"navigate") == b"navigate"


def may_be_bare(status: int, length: int | None, headers: RawHeaders) -> bool:
    """Whether the body of such an answer is worth a look."""
    names = {name for name, _ in headers}
    return status == 500 and b"content-encoding" not in names and (length or 0) <= LARGEST_BARE


def is_bare(body: bytes) -> bool:
    """Whether a framework answered by itself: nothing but that the server failed."""
    return len(body) <= LARGEST_BARE and (not body.strip() or _BARE.search(body) is not None)
