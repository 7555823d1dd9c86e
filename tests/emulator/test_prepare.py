"""What is looked at before anything starts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.visitors.mmdb import write_mmdb
from vercel_emu.emulator.prepare import prepare
from vercel_emu.errors import EmuError
from vercel_emu.options import Options
from vercel_emu.project.python.interpreter import find_interpreter

ASN: dict[str, object] = {"autonomous_system_number": 64500}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("def app(environ, start_response): ...\n")
    return tmp_path


def prepared_database(project: Path, geoip_db: Path) -> Path | None:
    interpreter = find_interpreter(project, python=Path(sys.executable), environ={})
    assert interpreter is not None
    return prepare(project, Options(geoip_db=geoip_db), interpreter, {}).geoip_db


@pytest.mark.parametrize("name", ["missing.mmdb", "text.mmdb", "folder"])
def test_a_database_that_can_not_be_read_is_an_error_before_the_start(
    project: Path, name: str
) -> None:
    (project / "text.mmdb").write_text("not a database")
    (project / "folder").mkdir()
    with pytest.raises(EmuError, match=f"--geoip-db: the database .*{name} cannot be read") as told:
        prepared_database(project, project / name)
    assert told.value.code == "INVALID_GEOIP_DB"


def test_a_path_of_pyproject_is_relative_to_the_project(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    file = write_mmdb(project / "asn.mmdb", "203.0.113.0/24", ASN)
    assert prepared_database(project, Path("asn.mmdb")) == file
