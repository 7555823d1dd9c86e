"""What a deployment knows about its commit, read from the project's repository.

Three git commands run at the same time and within a deadline. None of them can run a hook, a
pager, a signature check or a file system monitor, and none takes a lock.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

MESSAGE_BYTES = 2048

_TIMEOUT_SECONDS = 3.0
_PROVIDERS = ("github", "gitlab", "bitbucket")
_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "color.ui=false")
_LOG = ("log", "-1", "-s", "--no-show-signature", "--encoding=UTF-8", "--format=%H%x00%an%x00%B")
# Inside a git hook these point at the repository of that hook.
_OF_A_HOOK = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_PREFIX",
        "GIT_OBJECT_DIRECTORY",
        "GIT_NAMESPACE",
        "GIT_TRACE",
    }
)
_SCP_LIKE = re.compile(r"^(?:[^@/:\[\]]+@)?(?P<host>[^/:\[\]@]+):(?!//)(?P<path>.+)$")
_BRACKETED = re.compile(r"^\[(?:[^@\]]+@)?(?P<host>[^:\]]+)(?::\d+)?\]:(?P<path>.+)$")
_URL = re.compile(
    r"^(?:[a-z+.-]+)://(?:[^/]*@)?(?P<host>[^/:@]+|\[[^\]/]+\])(?::\d*)?/(?P<path>[^?#]+)", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitFacts:
    """None is "not known": no repository, no commit, no branch (detached HEAD), no remote."""

    provider: str | None = None
    owner: str | None = None
    slug: str | None = None
    commit_sha: str | None = None
    commit_ref: str | None = None
    commit_message: str | None = None
    author_name: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """The repository that a remote's URL names."""

    provider: str | None
    owner: str
    slug: str
    host: str = ""


def read_repository(root: Path) -> str:
    """`HOST/OWNER/NAME`, and the folder of `root` in it; empty without a remote that says so."""
    variables = _git_environ(os.environ)
    try:
        remotes = _start(root, variables, "remote", "-v")
        prefix = _start(root, variables, "rev-parse", "--show-prefix")
    except OSError:
        return ""
    results = [_finish(process) for process in (remotes, prefix)]
    listing, folder = ((result or ("", ""))[0] for result in results)
    remote = choose_remote(listing)
    if remote is None:
        return ""
    return f"{remote.host}/{remote.owner}/{remote.slug}/{folder.strip()}".rstrip("/")


def read_git_facts(root: Path, environ: Mapping[str, str] | None = None) -> GitFacts:
    """The facts of the repository that `root` lies in; never raises, never waits for long."""
    variables = _git_environ(os.environ if environ is None else environ)
    try:
        processes = [
            _start(root, variables, *_LOG),
            _start(root, variables, "symbolic-ref", "-q", "--short", "HEAD"),
            _start(root, variables, "remote", "-v"),
        ]
    except OSError as error:
        return GitFacts(problem=f"git could not be started: {error.strerror}")
    results = [_finish(process) for process in processes]
    if any(result is None for result in results):
        return GitFacts(problem=f"git did not answer within {_TIMEOUT_SECONDS:g} s")
    log, branch, remotes = (result or ("", "") for result in results)
    remote = choose_remote(remotes[0])
    sha, author, message = parse_log(log[0])
    return GitFacts(
        provider=remote.provider if remote else None,
        owner=remote.owner if remote else None,
        slug=remote.slug if remote else None,
        commit_sha=sha,
        commit_ref=branch[0].strip() or None,
        commit_message=message,
        author_name=author,
        problem=_problem(log[1]),
    )


def parse_log(output: str) -> tuple[str | None, str | None, str | None]:
    """(sha, author, message) of `git log` in our format; all None where there is no commit."""
    sha, separator, rest = output.partition("\0")
    if not separator:
        return None, None, None
    author, _, message = rest.partition("\0")
    return sha.strip() or None, author or None, cut_utf8(message.rstrip("\n"), MESSAGE_BYTES)


def cut_utf8(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, without half a character at the end."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def choose_remote(listing: str) -> Remote | None:
    """The repository of `origin`, else of the first remote, in the output of `git remote -v`."""
    lines = re.findall(r"^(\S+)\t(.+) \(fetch\)", listing, re.MULTILINE)
    lines.sort(key=lambda line: line[0] != "origin")
    parsed = (parse_remote(url) for _, url in lines)
    return next((remote for remote in parsed if remote is not None), None)


def parse_remote(url: str) -> Remote | None:
    """https, ssh and scp-like forms; None for a local path and for what names no repository."""
    url = url.strip()
    found = _URL.match(url) or _BRACKETED.match(url)
    if found is None and "://" not in url:
        found = _SCP_LIKE.match(url)
    if found is None or "\\" in url or (len(found["host"]) == 1 and "@" not in url):
        return None
    host = found["host"].lower()
    path = unquote(found["path"]).strip("/").removesuffix(".git").strip("/")
    provider = next((name for name in _PROVIDERS if name in host), None)
    if provider != "github":
        path = path.removeprefix("scm/")  # a Bitbucket server's https form
    owner, _, slug = path.rpartition("/")
    return Remote(provider, owner, slug, host) if owner and slug else None


def _git_environ(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in environ.items() if name not in _OF_A_HOOK}
    return {**kept, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _start(root: Path, environ: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["git", "--no-pager", *_SAFE, "-C", str(root), *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _finish(process: subprocess.Popen[bytes]) -> tuple[str, str] | None:
    try:
        out, err = process.communicate(timeout=_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    return out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def _problem(stderr: str) -> str | None:
    """git's refusal, unless it only says that there is no repository or no commit yet."""
    expected = ("not a git repository", "does not have any commits", "bad default revision")
    if not stderr.strip() or any(text in stderr for text in expected):
        return None
    return stderr.strip().splitlines()[0]
