"""The system environment variables that the platform gives a deployment, as one frozen value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

__all__ = ["Env", "get_env"]


@dataclass(frozen=True)
class Env:
    """One attribute for each variable; None where it is absent or empty. Also reads like a mapping.

    Values are the strings of the environment: `VERCEL` is `"1"`, never `True`.
    """

    VERCEL: str | None = None
    CI: str | None = None
    VERCEL_ENV: str | None = None
    VERCEL_URL: str | None = None
    VERCEL_BRANCH_URL: str | None = None
    VERCEL_PROJECT_PRODUCTION_URL: str | None = None
    VERCEL_REGION: str | None = None
    VERCEL_DEPLOYMENT_ID: str | None = None
    VERCEL_SKEW_PROTECTION_ENABLED: str | None = None
    VERCEL_AUTOMATION_BYPASS_SECRET: str | None = None
    VERCEL_GIT_PROVIDER: str | None = None
    VERCEL_GIT_REPO_SLUG: str | None = None
    VERCEL_GIT_REPO_OWNER: str | None = None
    VERCEL_GIT_REPO_ID: str | None = None
    VERCEL_GIT_COMMIT_REF: str | None = None
    VERCEL_GIT_COMMIT_SHA: str | None = None
    VERCEL_GIT_COMMIT_MESSAGE: str | None = None
    VERCEL_GIT_COMMIT_AUTHOR_LOGIN: str | None = None
    VERCEL_GIT_COMMIT_AUTHOR_NAME: str | None = None
    VERCEL_GIT_PREVIOUS_SHA: str | None = None
    VERCEL_GIT_PULL_REQUEST_ID: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """All of them, absent ones as None."""
        return asdict(self)

    def __getitem__(self, key: str) -> str | None:
        try:
            value: str | None = getattr(self, key)
        except AttributeError as error:
            raise KeyError(key) from error
        return value

    def get(self, key: str, default: str | None = None) -> str | None:
        """The variable `key`; `default` only for a name that `Env` doesn't know."""
        value: str | None = getattr(self, key, default)
        return value


_NAMES = tuple(field.name for field in fields(Env))


def get_env(env: Mapping[str, str] | None = None) -> Env:
    """Read the system variables from `env`, or from the process environment.

    A variable set to the empty string counts as absent.
    """
    source = os.environ if env is None else env
    found = {name: source.get(name) for name in _NAMES}
    return Env(**{name: None if value == "" else value for name, value in found.items()})
