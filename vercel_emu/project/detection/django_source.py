"""Read Django settings from source, only where executing them could give nothing else.

Equivalent to executing because every way to another result is excluded, else None is returned:

- manage.py imports nothing but `os`, `sys` and Django, names DJANGO_SETTINGS_MODULE once, in an
  unconditional `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "literal")`, and that variable
  isn't in the environment;
- the settings module is that very file, has no star import and nothing that writes names
  indirectly (`globals`, `exec`, `setattr`...), and each setting's name occurs in its whole text
  at most once: as a top-level assignment of a literal (STATIC_ROOT: also `BASE_DIR / "literal"`
  with the BASE_DIR that `startproject` writes).

What can still differ is a settings module that raises, or a package `__init__` that replaces
it: then the app itself fails at import and says so.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

from vercel_emu.files.reading import SOURCE_BYTES, read_bytes
from vercel_emu.guest.analysis.parse import tree_or_none
from vercel_emu.project.model import DjangoSettings

_VARIABLE = "DJANGO_SETTINGS_MODULE"
_INDIRECT = re.compile(
    rb"\b(globals|locals|vars|exec|eval|setattr|__dict__|__getattr__|sys\.modules|django_heroku"
    rb"|modules|include|split_settings|configurations)\b"
)


def read_from_source(root: Path, base: str, *, chosen: str | None) -> DjangoSettings | None:
    """The settings of manage.py in `root/base`, or None where only executing can tell."""
    folder = root / base
    module = None if chosen else _settings_module(folder / "manage.py")
    if module is None:
        return None
    file = folder / (module.replace(".", "/") + ".py")
    source = _read(file)
    tree = None if source is None or _INDIRECT.search(source) else tree_or_none(source)
    if source is None or tree is None or _has_star_import(tree):
        return None
    values: dict[str, str | None] = {}
    for name in ("ASGI_APPLICATION", "WSGI_APPLICATION", "STATIC_URL", "STATIC_ROOT"):
        known, values[name] = _setting(name, source, tree, file)
        if not known:
            return None
    static_root = values["STATIC_ROOT"]
    return DjangoSettings(
        base_dir=base,
        settings_module=module,
        asgi_application=values["ASGI_APPLICATION"],
        wsgi_application=values["WSGI_APPLICATION"],
        static_url=values["STATIC_URL"],
        static_root=str(folder.resolve() / static_root) if static_root else None,
    )


def _settings_module(manage: Path) -> str | None:
    source = _read(manage)
    if source is None or source.count(_VARIABLE.encode()) != 1:
        return None
    tree = tree_or_none(source)
    if tree is None or not all(_is_plain_import(node) for node in ast.walk(tree)):
        return None
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.FunctionDef))]
    bodies += [node.body for node in tree.body if _is_main_guard(node) and isinstance(node, ast.If)]
    statements = [statement for body in bodies for statement in body]
    return next((name for name in map(_setdefault, statements) if name is not None), None)


def _is_plain_import(node: ast.AST) -> bool:
    match node:
        case ast.Import(names=aliases):
            return all(alias.name.split(".")[0] in {"os", "sys", "django"} for alias in aliases)
        case ast.ImportFrom(module=module, level=level):
            known = {"os", "sys", "django", "__future__"}
            return level == 0 and (module or "").split(".")[0] in known
    return True


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)


def _setdefault(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Expr(
            ast.Call(
                ast.Attribute(ast.Attribute(ast.Name("os"), "environ"), "setdefault"),
                [ast.Constant(variable), ast.Constant(str(module))],
            )
        ) if variable == _VARIABLE:
            return module
    return None


def _has_star_import(tree: ast.Module) -> bool:
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return any(alias.name == "*" for node in imports for alias in node.names)


def _setting(name: str, source: bytes, tree: ast.Module, file: Path) -> tuple[bool, str | None]:
    """(is it certain, its value); a setting that the text never names is certainly not set."""
    count = len(re.findall(rb"\b%s\b" % name.encode(), source))
    if count == 0:
        return True, None
    if count > 1:
        return False, None
    for statement in tree.body:
        match statement:
            case ast.Assign([ast.Name(target)], value) if target == name:
                text = _literal(value)
                if text is None and name == "STATIC_ROOT":
                    text = _path_below_base_dir(value, tree, file)
                return text is not None, text
    return False, None


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _path_below_base_dir(node: ast.expr, tree: ast.Module, file: Path) -> str | None:
    """`BASE_DIR / "a" / "b"` where BASE_DIR is the one that `startproject` writes."""
    parts: list[str] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        part = _literal(node.right)
        if part is None:
            return None
        parts.insert(0, part)
        node = node.left
    definitions = [
        ast.unparse(statement.value)
        for statement in tree.body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "BASE_DIR"
    ]
    standard = definitions == ["Path(__file__).resolve().parent.parent"]
    if not (standard and parts and isinstance(node, ast.Name) and node.id == "BASE_DIR"):
        return None
    return str(file.resolve().parent.parent.joinpath(*parts))


def _read(file: Path) -> bytes | None:
    try:
        return read_bytes(file, SOURCE_BYTES)
    except OSError:
        return None
