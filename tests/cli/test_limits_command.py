"""`vercel-emu limits`: every limit of the platform, with the values that are enforced."""

from __future__ import annotations

import json

from click.testing import CliRunner

from vercel_emu.cli.commands.limits import limits
from vercel_emu.options import Options, help_of
from vercel_emu.platform.limits import BODY_BYTES
from vercel_emu.platform.limits_table import limits_table


def test_the_shape() -> None:
    answer = CliRunner().invoke(limits, ["--json"])
    assert answer.exit_code == 0
    rows = json.loads(answer.stdout)["limits"]
    assert len(rows) == len(limits_table())
    for row in rows:
        assert row.keys() == {"name", "value", "here", "option", "error", "source"}
        assert row["here"] in ("enforced", "reported", "checked", "no")
        assert row["source"].startswith("https://vercel.com/docs/")
    body = next(row for row in rows if row["name"] == "request body")
    assert body["value"] == f"{BODY_BYTES / 1_000_000:g} MB"
    assert body["error"] == "413 FUNCTION_PAYLOAD_TOO_LARGE"


def test_the_options_exist() -> None:
    flags = " ".join(help_of(name).flags for name in Options.__dataclass_fields__)
    for limit in limits_table():
        assert limit.option in flags.replace("/", " ")


def test_the_table_for_people() -> None:
    text = CliRunner().invoke(limits).stdout
    assert "REQUEST_HEADER_TOO_LARGE" in text
    assert "--strict-memory" in text
