"""Write the parts of docs/ that repeat what the code says: options, commands, events, scenarios.

The JSON schemas in docs/schema/ are made from the same tables.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import inspect as shapes

from vercel_emu.cli import COMMANDS, cli
from vercel_emu.events import Event
from vercel_emu.options import Help, Options
from vercel_emu.platform.limits_table import limits_table
from vercel_emu.platform.regions import LOCAL_REGION, REGIONS
from vercel_emu.scenarios.scenario import Expectation, JsonExpectation, Pattern, Scenario, Step
from vercel_emu.visitors.named import NamedVisitor

DOCS = Path(__file__).resolve().parent.parent / "docs"


# Options and commands -----------------------------------------------------------------------


def options_table() -> str:
    """Every option of `vercel-emu dev`."""
    rows = []
    for field in dataclasses.fields(Options):
        described = field.metadata["help"]
        written = f"`{described.flags}{' ' + described.metavar if described.metavar else ''}`"
        default = field.default
        if default is True or default is False:
            shown = "on" if default else "off"
        else:
            shown = f"`{default}`" if default not in (None, ()) else ""
        note = "" if described.config else " (command line only)"
        rows.append((written, shown, described.text + note))
    return _table(("Option", "Default", "Meaning"), rows)


def commands_table() -> str:
    """What there is, each with a link to its section."""
    return _table(
        ("Command", "What it does"),
        [(f"[`{name}`](#vercel-emu-{name})", text) for name, (_, _, text) in COMMANDS.items()],
    )


def commands_sections() -> str:
    """A section for each command and subcommand but `dev`."""
    parts: list[str] = []
    for path, command in commands():
        if path == ("dev",):
            continue
        context = click.Context(command)
        title = " ".join(("vercel-emu", *path))
        usage = " ".join((title, *command.collect_usage_pieces(context)))
        parts += [f"{'#' * (len(path) + 1)} `{title}`", f"```text\n{usage}\n```"]
        parts += map(_paragraph, inspect.cleandoc(command.help or "").split("\n\n"))
        options = [one for one in command.params if isinstance(one, click.Option)]
        records = [one.get_help_record(context) for one in options]
        rows = [(f"`{record[0]}`", record[1]) for record in records if record is not None]
        if rows:
            parts.append(_table(("Option", "Meaning"), rows))
    return "\n\n".join(parts)


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command by the words it is called with, each group before its members."""
    yield from _members((), cli)


def _members(
    path: tuple[str, ...], group: click.Group
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            raise ValueError(f"{name} is listed and can't be had")
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _members((*path, name), command)


def _paragraph(text: str) -> str:
    """A paragraph of a command's help; the shape of its JSON becomes code."""
    text = " ".join(text.split())
    begin, mark, shape = text.partition("JSON: ")
    if not mark or begin or shape[:1] not in ("{", "["):
        return text
    depths = itertools.accumulate((c in "{[") - (c in "}]") for c in shape)
    end = next(index for index, depth in enumerate(depths) if depth == 0) + 1
    return f"JSON: `{shape[:end]}`{shape[end:]}"


# Events, limits -----------------------------------------------------------------------------


def events_table() -> str:
    """Every event of the JSON log with its fields."""
    return _table(
        ("`event`", "Fields", "When"),
        [
            (
                f"`{kind.__name__}`",
                ", ".join(f"`{name}`" for name in kind.__struct_fields__),
                (inspect.getdoc(kind) or "").partition("\n\n")[0].replace("\n", " "),
            )
            for kind in Event.__subclasses__()
        ],
    )


def limits_rows() -> str:
    """Every limit of the platform and what happens here."""
    return _table(
        ("Limit", "Value", "Here", "Option", "Error"),
        [
            (
                f"[{limit.name}]({limit.source})" if limit.source else limit.name,
                limit.value,
                limit.here,
                f"`{limit.option}`" if limit.option else "",
                f"`{limit.error}`" if limit.error else "",
            )
            for limit in limits_table()
        ],
    )


# Tables of TOML files, from the structs that check them -------------------------------------


def struct_table(kind: type[msgspec.Struct]) -> str:
    """Every key of a table, with its type, default and the docstring below its field."""
    docs = _field_docs(kind)
    info = shapes.type_info(kind)
    assert isinstance(info, shapes.StructType)
    return _table(
        ("Key", "Value", "Default", "Meaning"),
        [
            (f"`{one.encode_name}`", _written(one.type), _default(one), docs[one.name])
            for one in info.fields
        ],
    )


def _field_docs(kind: type[msgspec.Struct]) -> dict[str, str]:
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in itertools.pairwise(tree.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _default(field: shapes.Field) -> str:
    if field.required:
        return "must be there"
    if field.default in (msgspec.NODEFAULT, msgspec.UNSET, None, "", ()):
        return ""
    return "" if isinstance(field.default, msgspec.Struct) else f"`{field.default}`"


def _written(kind: Any) -> str:
    """How a value of a type is written in a TOML file."""
    match kind:
        case shapes.UnionType():
            inner = [one for one in kind.types if not isinstance(one, shapes.NoneType)]
            return " or ".join(_written(one) for one in inner)
        case shapes.StrType():
            return f"text like `{kind.pattern}`" if kind.pattern else "text"
        case shapes.IntType():
            return f"whole number{_range(kind)}"
        case shapes.FloatType():
            return f"number{_range(kind)}"
        case shapes.BoolType():
            return "`true` or `false`"
        case shapes.LiteralType():
            return ", ".join(f"`{value}`" for value in kind.values)
        case shapes.VarTupleType():
            return f"list of {_written(kind.item_type)}"
        case shapes.DictType():
            return f"table of {_written(kind.value_type)}"
        case shapes.StructType():
            return TABLES_OF[kind.cls]
        case _:
            return "any value"


def _range(kind: shapes.IntType | shapes.FloatType) -> str:
    if kind.gt is not None:
        return f", more than {kind.gt:g}"
    if kind.ge is None:
        return ""
    return f", {kind.ge:,g} or more" if kind.le is None else f", {kind.ge:,} to {kind.le:,}"


TABLES_OF = {
    NamedVisitor: "[visitor](visitors.md#visitors-of-your-own)",
    Step: "[step](#a-step)",
    Expectation: "[expectation](#what-is-expected)",
    JsonExpectation: "[place in the JSON](#a-place-in-the-json)",
    Pattern: '`{ matches = "REGEX" }`',
}
"""Where docs/ explains each table that is the value of a key."""


# JSON schemas of the same tables, for editors ------------------------------------------------

type Schema = dict[str, Any]

STRUCTS = (Scenario, Step, Expectation, JsonExpectation, Pattern, NamedVisitor)


def scenario_schema() -> Schema:
    """A whole scenario file."""
    return {"title": "A scenario of vercel-emu", **_struct_schema(Scenario)}


def pyproject_schema() -> Schema:
    """A whole pyproject.toml: as everybody knows it, and `[tool.vercel-emu]`."""
    tool = {"type": "object", "properties": {"vercel-emu": options_schema()}}
    return {
        "title": "pyproject.toml with [tool.vercel-emu]",
        "allOf": [{"$ref": "https://json.schemastore.org/pyproject.json"}],
        "type": "object",
        "properties": {"tool": tool},
    }


def options_schema() -> Schema:
    """The table `[tool.vercel-emu]`: every option that may stand there, and visitors."""
    types = msgspec.json.schema(Options, schema_hook=_path_schema)["$defs"]["Options"]["properties"]
    options = {
        field.name.replace("_", "-"): _option_schema(field, types[field.name])
        for field in dataclasses.fields(Options)
        if field.metadata["help"].config
    }
    visitors = {
        "description": "`[tool.vercel-emu.visitors.NAME]`: visitors of your own.",
        "type": "object",
        "additionalProperties": _struct_schema(NamedVisitor),
    }
    return {
        "description": "Options of `vercel-emu dev`; the command line wins over them.",
        "type": "object",
        "properties": {**options, "visitors": visitors},
        "additionalProperties": False,
    }


def _option_schema(field: dataclasses.Field[Any], schema: Schema) -> Schema:
    described: Help = field.metadata["help"]
    schema = {"description": described.text, **_resolved(schema, {})}
    if described.least is not None:
        schema["minimum"] = described.least
    others = [*(["number"] if described.number else []), *(["boolean"] if described.bare else [])]
    if others:
        schema["type"] = [schema["type"], *others]
    if field.name == "region":
        schema["enum"] = [*REGIONS, LOCAL_REGION]
    return schema


def _path_schema(kind: type) -> Schema:
    if kind is Path:
        return {"type": "string"}
    raise NotImplementedError(f"how is a {kind.__name__} written in TOML?")


def _struct_schema(kind: type[msgspec.Struct]) -> Schema:
    """What msgspec says of a struct and of those in it, with the docs of their fields."""
    [top], tables = msgspec.json.schema_components([kind])
    for struct in STRUCTS:
        if struct.__name__ in tables:
            properties = tables[struct.__name__]["properties"].values()
            for schema, text in zip(properties, _field_docs(struct).values(), strict=True):
                schema["description"] = text
    return _resolved(top, tables)


def _resolved(schema: Schema, tables: Mapping[str, Schema]) -> Schema:
    """A schema with its tables in the place of the `$ref`s, and no null, which TOML hasn't.

    JSON Schema's draft 7, the newest that the TOML plugins of editors understand, allows
    no description beside a `$ref`.
    """
    if "$ref" in schema:
        table = _resolved(tables[schema["$ref"].rpartition("/")[2]], tables)
        return {**table, "description": schema.get("description", table["description"])}
    found: Schema = {}
    for key, value in schema.items():
        match key, value:
            case "title", _:
                pass
            case "default", None | "" | [] | {}:
                pass
            case "anyOf", [one, {"type": "null"}]:
                found |= _resolved(one, tables)
            case "anyOf", [*choices]:
                given = [one for one in choices if one != {"type": "null"}]
                found["anyOf"] = [_resolved(one, tables) for one in given]
            case (("items" | "additionalProperties"), {}):
                found[key] = _resolved(value, tables)
            case "properties", {}:
                found[key] = {name: _resolved(one, tables) for name, one in value.items()}
            case _:
                found[key] = value
    return found


# The files ----------------------------------------------------------------------------------


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "options.md": {
        "commands": commands_table,
        "dev": options_table,
        "other commands": commands_sections,
    },
    "json-log.md": {"events": events_table},
    "differences.md": {"limits": limits_rows},
    "visitors.md": {"visitor": lambda: struct_table(NamedVisitor)},
    "scenarios.md": {
        "file": lambda: struct_table(Scenario),
        "step": lambda: struct_table(Step),
        "expectation": lambda: struct_table(Expectation),
        "json": lambda: struct_table(JsonExpectation),
    },
}
"""Which parts of which file are written here."""

SCHEMAS = {"scenario.json": scenario_schema, "pyproject.json": pyproject_schema}
"""The files of docs/schema/."""


def schema_text(file: str) -> str:
    """The text of a file of docs/schema/."""
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **SCHEMAS[file]()}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def with_tables(file: str, text: str) -> str:
    """The text of a file of docs/ with the written parts brought up to date."""
    for name, make in PARTS[file].items():
        begin, end = f"<!-- {name}: scripts/docs_tables.py writes this -->", f"<!-- /{name} -->"
        before, mark, rest = text.partition(begin)
        if not mark or end not in rest:
            raise ValueError(f"docs/{file} has no place for: {name}")
        text = f"{before}{begin}\n\n{make()}\n\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    for name in PARTS:
        path = DOCS / name
        path.write_text(with_tables(name, path.read_text()))
    for name in SCHEMAS:
        (DOCS / "schema" / name).write_text(schema_text(name))
