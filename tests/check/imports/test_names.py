"""The table of well-known modules, and what is told from names alone."""

from __future__ import annotations

import sys

import pytest

from vercel_emu.check.imports.names import (
    always_with,
    is_known,
    is_pythons_own,
    known_distributions,
    may_bring,
    was_removed,
)


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("yaml", "pyyaml"),
        ("PIL.Image", "pillow"),
        ("sklearn.linear_model", "scikit-learn"),
        ("attr", "attrs"),
        ("Crypto.Cipher", "pycryptodome"),
        ("google.cloud.storage.Client", "google-cloud-storage"),
        ("google.protobuf", "protobuf"),
        ("vercel.cache", "vercel"),
        ("vercel.functions", "vercel"),
        ("flask_sqlalchemy", "flask-sqlalchemy"),
        ("celery.schedules", "celery"),
    ],
)
def test_well_known(module: str, distribution: str) -> None:
    assert known_distributions(module)[0] == distribution
    assert is_known(distribution)


@pytest.mark.parametrize("module", ["acme", "google", "google.cloud", "azure.unheard", "utils"])
def test_not_known(module: str) -> None:
    assert known_distributions(module) == ()


def test_no_module_of_the_table_is_pythons_own() -> None:
    table = known_distributions.__globals__["_table"]()
    removed = {name for name in table if was_removed(name, (3, 14))}
    assert {name for name in table if name in sys.stdlib_module_names} <= removed
    assert len(table) > 500


@pytest.mark.parametrize(
    ("distributions", "module", "may"),
    [
        ({"acme-sdk"}, "acme", True),
        ({"python-acme"}, "acme", True),
        ({"acme"}, "acme_core", True),
        ({"azure-storage-blob"}, "azure.storage.blob.BlobClient", True),
        ({"azure-storage-blob"}, "azure.cosmos", False),
        ({"google-cloud-run"}, "google.cloud.run_v2", True),
        ({"google-cloud-run"}, "google.cloud.vision", False),
        ({"opentelemetry-api"}, "opentelemetry.sdk.trace", False),
        ({"fastapi", "starlette"}, "acme", False),
    ],
)
def test_alike(distributions: set[str], module: str, may: bool) -> None:
    assert may_bring(distributions, module) is may


def test_python_versions_differ() -> None:
    assert is_pythons_own("cgi", (3, 12))
    assert not is_pythons_own("cgi", (3, 13))
    assert not is_pythons_own("distutils", (3, 12))
    assert is_pythons_own("compression", (3, 14))
    assert not is_pythons_own("compression", (3, 13))
    assert is_pythons_own("tomllib", (3, 12))


def test_what_always_comes_with_others() -> None:
    assert {"flask", "werkzeug", "markupsafe", "sqlalchemy"} <= always_with({"flask-sqlalchemy"})
    assert always_with({"acme"}) == {"acme"}
