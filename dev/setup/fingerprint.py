"""What of the addon ends up in a database: a change of anything else needs no new template."""

import ast
from collections.abc import Iterator
from pathlib import Path

# These are read when they are used, never installed.
UNINSTALLED = {"tests", "gateways", "controllers", "readme", "__pycache__"}
# Methods that run while an addon is installed: their insides count.
RUN_AT_INSTALL = ("init", "_auto_init", "_register_hook", "_compute", "_default", "_get_default")


def contents(addon: Path) -> list:
    """The names and the texts of all that takes part in an installation."""
    return [part for inside, text in _files(addon) for part in (inside, text)]


def shape(addon: Path) -> list:
    """The same, without the insides of the methods that do not run at installation."""
    return [
        part
        for inside, text in _files(addon)
        for part in (inside, _outline(text) if _is_model(inside) else text)
    ]


def _files(addon: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(addon.rglob("*")):
        inside = path.relative_to(addon)
        if path.is_file() and not UNINSTALLED & set(inside.parts) and _is_installed(inside):
            yield inside.as_posix(), path.read_text(encoding="utf-8", errors="replace")


def _is_installed(inside: Path) -> bool:
    return inside.parts[0] != "static" or inside.suffix == ".xml"


def _is_model(inside: str) -> bool:
    return inside.startswith(("models/", "wizards/")) and inside.endswith(".py")


def _outline(text: str) -> str:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith(RUN_AT_INSTALL):
            node.body = [ast.Pass()]
    return ast.dump(tree)
