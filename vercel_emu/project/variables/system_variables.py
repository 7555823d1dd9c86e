"""The platform's system variables at run time (vercel.com/docs/environment-variables).

Those the platform sets only where a feature is on (skew protection, the bypass secret, the OIDC
token) stay absent. What this machine can't know (the repository's numeric id, the author's
login) is empty: the name exists in every deployment, and `get_env()` gives None for it.
"""

from __future__ import annotations

import hashlib
import re
import string

from vercel_emu.platform.regions import REGIONS
from vercel_emu.project.model import Project
from vercel_emu.project.variables.git import GitFacts

AWS_REGIONS = {region.code: region.aws for region in REGIONS.values()}
"""What a function in each region finds in `AWS_REGION`."""

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_LABEL_LIMIT = 63


def system_variables(
    project: Project, git: GitFacts, *, mode: str, region: str, url: str
) -> dict[str, tuple[str, str]]:
    """Name -> (value, source); the source is `platform`, `git` or the file of the project's id."""
    name = slug(project.name)
    own = {
        "VERCEL": "1",
        "VERCEL_ENV": mode,
        "VERCEL_TARGET_ENV": mode,
        "VERCEL_URL": url.partition("://")[2] or url,
        "VERCEL_BRANCH_URL": branch_url(name, git),
        "VERCEL_PROJECT_PRODUCTION_URL": f"{name}.vercel.app",
        "VERCEL_REGION": region,
        "VERCEL_DEPLOYMENT_ID": deployment_id(project),
        "TZ": "UTC",
    }
    variables = {key: (value, "platform") for key, value in own.items()}
    variables.update({key: (value or "", "git") for key, value in _git_variables(git).items()})
    if project.project_id:
        variables["VERCEL_PROJECT_ID"] = (project.project_id, ".vercel/project.json")
    return variables


def _git_variables(git: GitFacts) -> dict[str, str | None]:
    return {
        "VERCEL_GIT_PROVIDER": git.provider,
        "VERCEL_GIT_REPO_OWNER": git.owner,
        "VERCEL_GIT_REPO_SLUG": git.slug,
        "VERCEL_GIT_REPO_ID": None,
        "VERCEL_GIT_COMMIT_REF": git.commit_ref,
        "VERCEL_GIT_COMMIT_SHA": git.commit_sha,
        "VERCEL_GIT_COMMIT_MESSAGE": git.commit_message,
        "VERCEL_GIT_COMMIT_AUTHOR_LOGIN": None,
        "VERCEL_GIT_COMMIT_AUTHOR_NAME": git.author_name,
        "VERCEL_GIT_PULL_REQUEST_ID": None,
    }


def deployment_id(project: Project) -> str:
    """`dpl_` and 28 characters that stay the same for a project (on this machine, if unlinked)."""
    identity = project.project_id or f"{project.name}\0{project.root}"
    number = int.from_bytes(hashlib.sha256(identity.encode("utf-8", "surrogateescape")).digest())
    characters = []
    for _ in range(28):
        number, index = divmod(number, len(_BASE62))
        characters.append(_BASE62[index])
    return "dpl_" + "".join(characters)


def branch_url(name: str, git: GitFacts) -> str:
    """`project-git-branch-team.vercel.app`; empty where there is no branch."""
    if git.commit_ref is None:
        return ""
    team = slug((git.owner or "local").partition("/")[0])
    label = f"{name}-git-{slug(git.commit_ref)}-{team}"
    if len(label) > _LABEL_LIMIT:
        # A DNS label's limit; the digest keeps two long branches apart.
        digest = hashlib.sha256(label.encode()).hexdigest()[:6]
        label = f"{label[: _LABEL_LIMIT - 7].rstrip('-')}-{digest}"
    return f"{label}.vercel.app"


def slug(text: str) -> str:
    """As the platform names projects in hosts: lower case, digits, single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "project"
