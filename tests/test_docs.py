"""README and docs/ say what is so: written parts are up to date, links lead somewhere."""

from __future__ import annotations

import ast
import json
import re
import runpy
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tests.checkout import ROOT, code_blocks
from vercel_emu.cli import COMMANDS, cli

DOCS = ROOT / "docs"
SCRIPT: dict[str, Any] = runpy.run_path(str(ROOT / "scripts" / "docs_tables.py"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]


@pytest.mark.parametrize("name", SCRIPT["PARTS"])
def test_what_repeats_the_code_is_up_to_date(name: str) -> None:
    text = (DOCS / name).read_text()
    assert SCRIPT["with_tables"](name, text) == text, "run scripts/docs_tables.py"


@pytest.mark.parametrize("name", SCRIPT["SCHEMAS"])
def test_the_schemas_are_up_to_date(name: str) -> None:
    assert SCRIPT["schema_text"](name) == (DOCS / "schema" / name).read_text()


def test_the_readme_is_for_five_minutes() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200


# Every command, every option, by a way of its own --------------------------------------------


def commands(
    group: click.Group = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize(
    ("words", "command"), [pytest.param(*found, id=found[0]) for found in commands()]
)
def test_a_command_and_its_options_are_explained(words: str, command: click.Command) -> None:
    _, heading, rest = (DOCS / "options.md").read_text().partition(f"# `vercel-emu {words}`\n")
    assert heading
    section = re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    rows = "\n".join(line for line in section.splitlines() if line.startswith("| `-"))
    written = set(re.findall(r"-{1,2}[a-zA-Z][a-z-]*", rows))
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert {flag for one in options for flag in (*one.opts, *one.secondary_opts)} <= written


def test_every_command_is_listed() -> None:
    text = (DOCS / "options.md").read_text()
    assert [name for name in COMMANDS if f"| [`{name}`](#vercel-emu-{name}) |" not in text] == []


def test_every_key_of_a_scenario_is_explained() -> None:
    for name in ("scenarios.md", "visitors.md"):
        text = (DOCS / name).read_text()
        rows = re.findall(r"^\| `[\w-]+` \| .* \|$", text, re.MULTILINE)
        assert [row for row in rows if row.endswith("|  |")] == []


# What is to be typed or copied ---------------------------------------------------------------


def typed_commands() -> Iterator[tuple[str, list[str]]]:
    """Each `vercel-emu ...` in the blocks of code: its page and the words after `vercel-emu`."""
    for page in PAGES:
        for block in code_blocks(page, r"(?!text)\w+"):
            for text in re.findall(r"(?:^|(?<!inject) )vercel-emu ([a-z].*)$", block, re.MULTILINE):
                words = shlex.split(re.split(r" (?:>|&)|$", text)[0], comments=True)
                yield page.name, words
            for text in re.findall(r'^CMD \["vercel-emu", (.*)\]$', block, re.MULTILINE):
                yield page.name, json.loads(f"[{text}]")


@pytest.mark.parametrize(
    ("page", "words"), [pytest.param(*one, id=shlex.join(one[1])) for one in typed_commands()]
)
def test_a_command_in_the_docs_can_be_typed(
    page: str, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("api", "web"):
        (tmp_path / name).mkdir()
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, page
        command, words = found, words[1:]
    command.make_context(command.name, words, parent=context)


def test_commands_are_found_in_the_docs() -> None:
    found = [(page, words[0]) for page, words in typed_commands()]
    assert {("recipes.md", word) for word in ("dev", "check", "play")} <= set(found)


def test_files_to_copy_are_well_formed() -> None:
    for page in PAGES:
        for block in code_blocks(page, "json"):
            json.loads(block)
        for block in code_blocks(page, "toml"):
            tomllib.loads(block)


def test_the_debugger_attaches_where_the_emulator_listens() -> None:
    [text] = [one for one in code_blocks(DOCS / "recipes.md", "json") if "debugpy" in one]
    [configuration] = json.loads(text)["configurations"]
    dev = cli.get_command(click.Context(cli), "dev")
    assert dev is not None
    [option] = [one for one in dev.params if one.name == "debugpy"]
    assert isinstance(option, click.Option)
    assert configuration["connect"] == {"host": "127.0.0.1", "port": option.flag_value}


# Links ---------------------------------------------------------------------------------------


def prose(text: str) -> str:
    """Without blocks of code, and without code in a line, where nothing is a link."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<!\[)`[^`\n]*`(?!\])", "", text)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached = {ROOT / "README.md"}
    ahead = list(reached)
    while ahead:
        page = ahead.pop()
        for link in re.findall(r"\]\(([^)\s#]+\.md)[^)\s]*\)", prose(page.read_text())):
            target = (page.parent / link).resolve()
            if target not in reached and target.exists():
                reached.add(target)
                ahead.append(target)
    assert set(PAGES) - reached == set()


# Rooms ---------------------------------------------------------------------------------------

PACKAGE = ROOT / "vercel_emu"
ROOMS = [
    file.parent
    for file in sorted(PACKAGE.rglob("__init__.py"))
    if file.parent != PACKAGE
    and "functions_api" not in file.parts
    and file.parent != PACKAGE / "cli" / "commands" / "cache"
]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(PACKAGE).as_posix())
def test_a_room_says_what_it_is_for_and_where_to_start(room: Path) -> None:
    text = ast.get_docstring(ast.parse((room / "__init__.py").read_text())) or ""
    named = re.findall(r"`([a-z_/]+\.py)`", text)
    assert named
    folders = (room, PACKAGE, ROOT)
    assert [name for name in named if not any((at / name).exists() for at in folders)] == []


def test_the_files_that_recipes_name_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text().partition("## Recipes")[2]
    named = set(re.findall(r"`((?:vercel_emu|tests|scripts)/[a-z_/]+\.py)`", text))
    assert named
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
