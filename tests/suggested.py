"""The commands that messages of this program suggest, read from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import gallery

ROOT = Path(gallery.__file__).parent
_COMMAND = re.compile(r"(?<![\w./-])gallery ((?:[a-z]+)(?: [^'`.;:,()\n]*)?)")


def texts(path: Path) -> Iterator[str]:
    """All strings of a module but docstrings; what is filled in stands as `{…}`."""
    tree = ast.parse(path.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in docstrings:
            yield "".join(part.value if isinstance(part, ast.Constant) else "{…}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | inner:
            yield node.value


def suggestions() -> Iterator[tuple[str, str]]:
    """Each suggested command with the module that prints it."""
    for path in sorted(ROOT.rglob("*.py")):
        for text in texts(path):
            for found in _COMMAND.findall(text):
                yield path.relative_to(ROOT).as_posix(), found.strip()
