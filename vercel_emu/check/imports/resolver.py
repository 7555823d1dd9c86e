"""What an installer would install for a manifest, by its own dry run: uv's if it works, else pip's.

It needs the network and takes seconds, so the answer is kept in `.vercel/emu/` until the manifest
changes. Nothing is installed. Who asks should need it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from vercel_emu.check.model import Checked
from vercel_emu.check.python import python_of_deployment
from vercel_emu.emu_folder import EMU_DIR, prepare_folder, write_whole
from vercel_emu.files.parsing import parse_json
from vercel_emu.files.reading import LOCK_BYTES, read_bytes, read_text
from vercel_emu.project.python.choice import choose_python
from vercel_emu.project.python.declared import Installable, installable
from vercel_emu.project.python.manifest import Kind, Manifest
from vercel_emu.project.python.requirements import Declared, relative

TIMEOUT_SECONDS = 60
_KEPT_SECONDS = 7 * 24 * 3600
"""New releases may need other packages."""
_FILE = EMU_DIR / "resolved.json"
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*(?:==|@)")
_PLACE = re.compile(r"^(?:-e\s+)?(?:file:|\.{0,2}/)")


@dataclass(frozen=True, slots=True)
class Resolved:
    """Canonical names of all that would be installed; or why that could not be found out."""

    names: frozenset[str] = frozenset()
    problem: str = ""


def resolve(checked: Checked, manifest: Manifest, declared: Declared) -> Resolved:
    """Everything that `manifest`, which asks for `declared`, leads to in a deployment."""
    key = _key(manifest, declared, python_of_deployment(checked))
    names = _remembered(checked.root, key)
    if names is not None:
        return Resolved(names)
    resolved = _ask(checked, manifest, declared)
    if key and not resolved.problem:
        _remember(checked.root, key, resolved.names)
    return resolved


def _ask(checked: Checked, manifest: Manifest, declared: Declared) -> Resolved:
    from vercel_emu.project.python.installer import clean_environ, working_uv

    variables = {**clean_environ(checked.environ), "UV_HTTP_RETRIES": "1", "PIP_RETRIES": "1"}
    checked.on_wait(f"Finding out what {relative(manifest.file, checked.root)} leads to ...")
    uv = working_uv(checked.root, variables)
    with tempfile.TemporaryDirectory(prefix="vercel-emu-") as folder:
        if uv is not None and manifest.kind is Kind.PYPROJECT and not declared.problems:
            sources = [manifest.file]
        else:
            readable = Installable(lines=tuple(map(str, declared.requirements)))
            wanted = readable if declared.problems else installable(manifest)
            sources = [*wanted.files, Path(folder, "requirements.txt")]
            sources[-1].write_text("\n".join(wanted.lines) + "\n", encoding="utf-8")
        if uv is not None:
            return _uv(uv, sources, checked, variables)
        return _pip(sources, checked, variables)


def _uv(uv: Path, sources: list[Path], checked: Checked, environ: Mapping[str, str]) -> Resolved:
    options = ("--quiet", "--no-header", "--no-annotate", "--python-platform", "linux")
    version = ("--python-version", python_of_deployment(checked))
    command = (str(uv), "pip", "compile", *options, *version, *map(str, sources))
    output, problem = _run(command, checked.root, environ)
    if problem:
        return Resolved(problem=problem)
    lines = [line.strip() for line in output.splitlines()]
    names = [found[1] for line in lines if (found := _PINNED.match(line))]
    # A place without a name: what it brings is not known.
    return Resolved(_canonical([*names, *(line for line in lines if _PLACE.match(line))]))


def _pip(sources: list[Path], checked: Checked, environ: Mapping[str, str]) -> Resolved:
    python = choose_python(checked.root, checked.manifests, environ).python.path
    options = ("--dry-run", "--ignore-installed", "--quiet", "--report", "-", "--no-input")
    files = (option for file in sources for option in ("-r", str(file)))
    command = (str(python), "-m", "pip", "install", "--disable-pip-version-check", *options, *files)
    output, problem = _run(command, checked.root, environ)
    if problem:
        return Resolved(problem=problem)
    try:
        installed = parse_json(output)["install"]
        return Resolved(_canonical(one["metadata"]["name"] for one in installed))
    except (ValueError, KeyError, TypeError):
        return Resolved(problem="pip's report can't be read")


def _run(command: tuple[str, ...], root: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """The output of a command that ends well, else why it doesn't; it never outlives this."""
    name = Path(command[0]).name if command[1] != "-m" else "pip"
    try:
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return "", f"{name} could not be started: {error.strerror}"
    with process:
        try:
            output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                return "", f"{name} did not end within {TIMEOUT_SECONDS} s"
            raise
    if process.returncode == 0:
        return output, ""
    lines = [line.strip(" ×╰─▶│") for line in errors.splitlines() if line.strip(" ×╰─▶│")]
    said = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "")
    return "", f"{name} ended with exit code {process.returncode}" + (f": {said}" if said else "")


# -- the kept answer -----------------------------------------------------------------------------


def _key(manifest: Manifest, declared: Declared, python: str) -> str:
    """All that decides the answer: the Python, and each file that the manifest was read from."""
    digest = hashlib.blake2b(python.encode(), digest_size=16)
    for file in sorted({manifest.file, *declared.files}):
        try:
            content = read_bytes(file, LOCK_BYTES)
        except OSError:
            return ""
        digest.update(f"{file}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _remembered(root: Path, key: str) -> frozenset[str] | None:
    try:
        kept = parse_json(read_text(root / _FILE))
        fresh = time.time() - kept["time"] < _KEPT_SECONDS
        return frozenset(map(str, kept["names"])) if fresh and kept["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(root: Path, key: str, names: Iterable[str]) -> None:
    """Only speed depends on it, so a failure is no error."""
    kept = {"key": key, "time": int(time.time()), "names": sorted(names)}
    with contextlib.suppress(OSError):
        prepare_folder(root)
        write_whole(root / _FILE, json.dumps(kept).encode())


def _canonical(names: Iterable[str]) -> frozenset[str]:
    return frozenset(canonicalize_name(name) for name in names)
