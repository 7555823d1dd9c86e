"""Each real folder once, folders before links, and out of the tree only as far as is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from vercel_emu.files.walking import MOST_TOO_LARGE, Allowance, Follow, Walk

SMALL = Allowance(folders=3, files=9)


def make(folder: Path, *names: str) -> Path:
    """Folders with one file in each."""
    for name in names or ("",):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "file").touch()
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make(tmp_path.resolve() / "project")


def walked(walk: Walk, root: Path) -> list[str]:
    """The folders that count, in order."""
    found = [(folder.path, folder.link) for folder in walk]
    return [
        Path(path).relative_to(root).as_posix()
        for path, link in found
        if link is None or not link.is_void
    ]


def test_folders_come_before_links_and_once(root: Path) -> None:
    make(root, "b", "b/c")
    (root / "a").symlink_to("b")
    (root / "b" / "c" / "loop").symlink_to(root)
    (root / "circle").symlink_to("circle")
    walk = Walk(str(root), follow=Follow.INSIDE)
    assert walked(walk, root) == [".", "b", "b/c"]
    assert walk.links == {str(root / "a"), str(root / "b" / "c" / "loop")}


def test_what_only_a_link_leads_to_has_the_link_s_path(root: Path) -> None:
    make(root, "skipped/inside")
    (root / "link").symlink_to("skipped/inside")
    walk = Walk(str(root), follow=Follow.INSIDE, enters=lambda path: "skipped" not in path)
    assert walked(walk, root) == [".", "link"]


def test_links_that_double_at_each_step_cost_nothing(root: Path) -> None:
    make(root, *(f"d{number}" for number in range(40)))
    for number in range(39):
        for name in ("a", "b"):
            (root / f"d{number}" / name).symlink_to(f"../d{number + 1}")
    walk = Walk(str(root), follow=Follow.BOUNDED)
    assert len(walked(walk, root)) == 41


@pytest.mark.parametrize("follow", [Follow.NONE, Follow.INSIDE])
def test_links_out_are_followed_only_if_asked_for(root: Path, follow: Follow) -> None:
    (root / "out").symlink_to(make(root.parent / "elsewhere"))
    assert walked(Walk(str(root), follow=follow), root) == ["."]


def test_a_link_out_is_followed_as_far_as_is_allowed(root: Path) -> None:
    (root / "small").symlink_to(make(root.parent / "small", "", "one"))
    (root / "large").symlink_to(make(root.parent / "large", *"abcdef"))
    walk = Walk(str(root), follow=Follow.BOUNDED, allowance=SMALL)
    assert walked(walk, root) == [".", "small", "small/one"]
    assert [one.path for one in walk.too_large] == [str(root / "large")]


def test_many_files_are_too_large_too(root: Path) -> None:
    outside = make(root.parent / "outside")
    for number in range(10):
        (outside / str(number)).touch()
    (root / "out").symlink_to(outside)
    walk = Walk(str(root), follow=Follow.BOUNDED, allowance=SMALL)
    assert walked(walk, root) == ["."]
    assert [one.real for one in walk.too_large] == [str(outside)]


def test_a_small_part_of_what_is_too_large_can_be_linked_by_itself(root: Path) -> None:
    outside = make(root.parent / "outside", *"abcdef")
    (root / "all").symlink_to(outside)
    (root / "part").symlink_to(outside / "a")
    (root / "same").symlink_to(outside / "a")
    walk = Walk(str(root), follow=Follow.BOUNDED, allowance=SMALL)
    assert walked(walk, root) == [".", "part"]


def test_a_link_to_the_folder_above_leads_to_what_is_beside(root: Path) -> None:
    make(root.parent, "beside")
    (root / "up").symlink_to("..")
    walk = Walk(str(root), follow=Follow.BOUNDED)
    assert walked(walk, root) == [".", "up", "up/beside"]


def test_a_link_behind_what_is_too_large_is_not_tried(root: Path) -> None:
    outside = make(root.parent / "outside", *"abcdef")
    (outside / "next").symlink_to(make(root.parent / "third"))
    (root / "out").symlink_to(outside)
    walk = Walk(str(root), follow=Follow.BOUNDED, allowance=SMALL)
    assert walked(walk, root) == ["."]


def test_many_links_that_are_too_large_cost_no_more_than_a_few(root: Path) -> None:
    for number in range(MOST_TOO_LARGE + 5):
        outside = make(root.parent / f"outside{number:02}", *"abcdef")
        (root / f"link{number:02}").symlink_to(outside)
    walk = Walk(str(root), follow=Follow.BOUNDED, allowance=SMALL)
    read = [folder for folder in walk if folder.link is not None]
    assert len(walk.too_large) == MOST_TOO_LARGE + 5
    assert len(read) == MOST_TOO_LARGE * SMALL.folders


def test_a_top_that_is_a_link_out_has_the_allowance(root: Path) -> None:
    outside = make(root.parent / "outside", *"abcdef")
    (root / "api").symlink_to(outside)
    walk = Walk(str(root / "api"), inside=str(root), allowance=SMALL)
    assert walked(walk, root) == []
    assert walk.too_large
    assert len(walked(Walk(str(root / "api"), allowance=SMALL), root)) == 7


def test_a_walk_can_be_stopped(root: Path) -> None:
    make(root, *"abcdef")
    seen: list[str] = []
    for folder in Walk(str(root), stopped=lambda: len(seen) == 2):
        seen.append(folder.path)  # noqa: PERF401 - what is asked while it walks
    assert len(seen) == 2
