"""The walls between the addon's rooms, and the sizes they keep: what ruff has no words for.

A room is the first folder below the addon. `WALLS` says what may not be imported there, `SIZES`
how long a function and a file may be.
"""

import ast
import dataclasses
from pathlib import Path

ADDON = "payment_request_stripe"
LONGEST_FUNCTION = 50
LONGEST_FILE = 300
GATEWAYS = f"odoo.addons.{ADDON}.gateways"
SDKS = ("stripe", "twilio")
DOORS = {"gateways/stripe_api.py": "stripe", "gateways/twilio_api.py": "twilio"}


@dataclasses.dataclass(frozen=True)
class Wall:
    """In `room` (a folder of the addon, "" for all of it) nothing of `banned` is imported."""

    room: str
    banned: tuple
    why: str


WALLS = (
    Wall("", ("dev",), "the addon never depends on the workshop"),
    Wall("gateways", ("odoo",), "gateways are plain Python, usable and typed without Odoo"),
    Wall("models", ("odoo.http.request",), "a model does not know that a request is running"),
    Wall("models", (f"odoo.addons.{ADDON}.controllers",), "models do not call controllers"),
    Wall("models", (f"odoo.addons.{ADDON}.wizards",), "models do not import wizards"),
    Wall("wizards", (f"odoo.addons.{ADDON}.controllers",), "wizards do not call controllers"),
    Wall(
        "wizards",
        (f"{GATEWAYS}.stripe_api", f"{GATEWAYS}.twilio_api"),
        "wizards call models, not vendors",
    ),
    Wall("controllers", (f"odoo.addons.{ADDON}.wizards",), "controllers call models, not dialogs"),
)


def remarks(top: Path) -> list:
    """Everything the files below `top` (the addon's folder) do against walls and sizes."""
    found = []
    for path in sorted(top.rglob("*.py")):
        inside = path.relative_to(top)
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        found += [f"{path}:{line}: {text}" for line, text in _wall_remarks(inside, tree)]
        found += [f"{path}:{line}: {text}" for line, text in _dialog_remarks(inside, tree)]
        if inside.parts[0] != "tests":
            found += [f"{path}:{line}: {text}" for line, text in _size_remarks(path, tree)]
    return found


def _wall_remarks(inside: Path, tree: ast.Module) -> list:
    if inside.parts[0] == "tests":
        return []
    found = []
    room = f"odoo.addons.{ADDON}.{inside.parts[0]}"
    for line, name in imports(inside, tree):
        found += [(line, f"imports {name}: {why}") for why in _broken_walls(inside, name, room)]
    return found


def _dialog_remarks(inside: Path, tree: ast.Module) -> list:
    """What stands among the dialogs and is none."""
    return [
        (node.lineno, f"class {node.name} is no dialog: what a model does stands in models/")
        for node in tree.body
        if inside.parts[0] == "wizards"
        and isinstance(node, ast.ClassDef)
        and any(ast.unparse(base) == "models.Model" for base in node.bases)
    ]


def _broken_walls(inside: Path, name: str, room: str) -> list:
    broken = []
    if not _is_within(name, (room,)):
        walls = [wall for wall in WALLS if wall.room in ("", inside.parts[0])]
        broken += [wall.why for wall in walls if _is_within(name, wall.banned)]
    if _is_within(name, SDKS) and name.partition(".")[0] != DOORS.get(inside.as_posix()):
        broken.append("each SDK has one door in gateways/")
    return broken


def _is_within(name: str, banned: tuple) -> bool:
    return any(name == item or name.startswith(item + ".") for item in banned)


def imports(inside: Path, tree: ast.Module) -> list:
    """(line, full dotted name) of all that is imported, however deep in the code it stands."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(inside, node)
            found += [(node.lineno, f"{origin}.{alias.name}".strip(".")) for alias in node.names]
    return found


def _origin(inside: Path, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = ["odoo", "addons", ADDON, *inside.parts[:-1]]
    package = package[: len(package) - (node.level - 1)]
    return ".".join([*package, *([node.module] if node.module else [])])


def _size_remarks(path: Path, tree: ast.Module) -> list:
    found = []
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines > LONGEST_FILE:
        found.append((1, f"{lines} lines; a room keeps to {LONGEST_FILE}, so this is two rooms"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            if length > LONGEST_FUNCTION:
                text = f"{node.name} has {length} lines; a function keeps to {LONGEST_FUNCTION}"
                found.append((node.lineno, text))
    return found
