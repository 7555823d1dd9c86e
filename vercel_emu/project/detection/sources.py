"""What the Python files of a project say, by the grammar of the app's own interpreter.

The emulator may run on another Python than the app. Its own parser is asked first, for that costs
no process. Where it refuses a text, or where every fault has to be found, the app's interpreter
reads all the files in question at once (`guest/analysis/answer.py`, some 50 ms).
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from vercel_emu import guest
from vercel_emu.files.reading import SOURCE_BYTES, read_bytes
from vercel_emu.guest.analysis.exports import find_export, meant_export
from vercel_emu.guest.analysis.facts import Facts, Fault
from vercel_emu.guest.analysis.parse import NotPythonError

_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from analysis.answer import main; main()"
_TIMEOUT_SECONDS = 60


class Sources:
    """Reads files of the project in `root`, named relative to it, each at most once.

    `python` is the app's interpreter; None, or one of the `same_grammar` as the emulator's own, is
    never asked.
    """

    def __init__(
        self, root: Path, python: Path | None = None, *, same_grammar: bool = False
    ) -> None:
        self.root = root
        self.python = python
        self._same_grammar = same_grammar or python is None
        self._exports: dict[str, str | None] = {}
        self._faults: dict[str, Fault] = {}
        self._facts: dict[str, Facts] = {}

    def export(self, file: str) -> str | None:
        """The name of the app or handler that a file exports; None also where it has a fault."""
        return self.exports([file])[file]

    def exports(self, files: Iterable[str]) -> dict[str, str | None]:
        """The same for several files."""
        files = list(files)
        refused: dict[str, bytes] = {}
        for file in files:
            if file not in self._exports:
                self._find_export(file, refused)
        for file, facts in self._ask(refused).items():
            self._exports[file] = facts.export
            self._faults.pop(file, None)
            if facts.fault is not None:
                self._faults[file] = facts.fault
        return {file: self._exports[file] for file in files}

    def fault(self, file: str) -> Fault | None:
        """Why a file whose export was looked for is no Python."""
        return self._faults.get(file)

    def meant(self, file: str) -> str | None:
        """The export of a file, or what one with a fault would export once it is put right."""
        name = self.export(file)
        if name is not None or file not in self._faults:
            return name
        try:
            return meant_export(read_bytes(self.root / file, SOURCE_BYTES))
        except OSError:
            return None

    def facts(self, files: Iterable[str]) -> dict[str, Facts]:
        """Everything about each file, exactly as the app's interpreter reads it."""
        files = list(files)
        sources: dict[str, bytes] = {}
        for file in files:
            if file not in self._facts:
                try:
                    sources[file] = read_bytes(self.root / file, SOURCE_BYTES)
                except OSError as error:
                    self._facts[file] = Facts(fault=_unreadable(error))
        self._facts |= self._ask(sources) or _own_facts(sources)
        return {file: self._facts[file] for file in files}

    def _find_export(self, file: str, refused: dict[str, bytes]) -> None:
        """By our own grammar; a text that another Python might read goes to `refused`."""
        self._exports[file] = None
        try:
            source = read_bytes(self.root / file, SOURCE_BYTES)
            self._exports[file] = find_export(source)
        except OSError as error:
            self._faults[file] = _unreadable(error)
        except NotPythonError as error:
            self._faults[file] = error.fault
            if error.other_grammar:
                refused[file] = source

    def _ask(self, sources: Mapping[str, bytes]) -> dict[str, Facts]:
        """What the app's interpreter says; nothing where there is no other, or it can't be run."""
        if self._same_grammar or not sources:
            return {}
        # Late: few starts need it.
        import json

        from vercel_emu.guest.analysis.facts import from_json

        question = json.dumps({name: text.decode("latin-1") for name, text in sources.items()})
        command = [str(self.python), "-I", "-S", "-B", "-c", _PROGRAM, str(guest.FOLDER)]
        try:
            done = subprocess.run(
                command,
                input=question.encode(),
                capture_output=True,
                timeout=_TIMEOUT_SECONDS,
                check=True,
            )
            answer: dict[str, Any] = json.loads(done.stdout)
        except (OSError, ValueError, subprocess.SubprocessError):
            return {}
        return {file: from_json(values) for file, values in answer.items()}


def _own_facts(sources: Mapping[str, bytes]) -> dict[str, Facts]:
    # Late: a start looks for exports only.
    from vercel_emu.guest.analysis.answer import facts_of

    return {file: facts_of(source) for file, source in sources.items()}


def _unreadable(error: OSError) -> Fault:
    return Fault(f"it can't be read: {error.strerror}")
