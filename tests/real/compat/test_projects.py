"""The projects with small packages are played here; `make compat` plays all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.real.compat.environments import shared_environment
from tests.real.compat.official import reasons_of, with_table
from tests.real.compat.play import Player, differences
from tests.real.compat.project import Project, all_projects
from tests.real.compat.reasons import REASONS

PROJECTS = all_projects()
SHARED = [project for project in PROJECTS if project.head.where == "shared"]


@pytest.fixture(scope="session")
def player(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Player:
    """Plays in one environment for all test processes of this run."""
    root = tmp_path_factory.getbasetemp()
    return Player(python=shared_environment(root if worker_id == "master" else root.parent))


@pytest.mark.parametrize("project", SHARED, ids=lambda project: project.name)
def test_a_project_is_as_its_head_says(project: Project, player: Player, tmp_path: Path) -> None:
    faults = player.faults(project, tmp_path / "project")
    assert not faults, "\n".join(faults)


def test_a_fault_is_seen() -> None:
    came = ["error A main.py:3 one two", "warning B"]
    assert differences(came, ["A main.py:3 ... two", "B"]) == []
    assert differences(came, ["B"]) == ["came: error A main.py:3 one two"]
    assert differences(came, ["A", "B", "C"]) == ["did not come: C"]
    assert differences(came[:1], ["two ... one"]) != []
    assert differences(["A", "A"], ["A"]) == ["came: A"]


def test_what_differs_from_the_official_server_stands_in_the_docs() -> None:
    page = (ROOT / "docs" / "differences.md").read_text()
    assert with_table(page, PROJECTS) == page, "run python -m tests.real.compat --table"


def test_each_reason_is_shown_by_a_project() -> None:
    named = {key for project in PROJECTS for key in reasons_of(project)}
    assert named == set(REASONS)
