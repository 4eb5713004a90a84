"""Writes the parts of README.md that the program itself prints: the demo's output and the help of every command.

Run after changing a command: python tests/write_readme.py
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
COMMANDS = [
    ["enroll"],
    ["anonymise"],
    ["override", "set"],
    ["override", "list"],
    ["override", "remove"],
    ["list"],
    ["show"],
    ["check"],
    ["rename"],
    ["merge"],
    ["move"],
    ["remove"],
    ["disable"],
    ["enable"],
    ["set"],
    ["undo"],
    ["forget"],
    ["reembed"],
    ["export"],
    ["import"],
    ["audit", "show"],
    ["audit", "explain"],
    ["audit", "diff"],
    ["audit", "stats"],
    ["audit", "verify"],
    ["audit", "prune"],
    ["review"],
    ["report"],
    ["calibrate"],
    ["evaluate", "verification"],
    ["evaluate", "identification"],
    ["evaluate", "demographics"],
    ["evaluate", "detection"],
    ["evaluate", "redaction"],
    ["models", "list"],
    ["models", "install"],
    ["models", "verify"],
    ["models", "add"],
    ["models", "measure"],
    ["models", "cohort"],
    ["models", "remove"],
    ["init"],
    ["db", "status"],
    ["db", "check"],
    ["db", "backup"],
    ["db", "upgrade"],
    ["db", "encrypt"],
    ["db", "decrypt"],
    ["db", "compact"],
    ["bench"],
    ["demo"],
]


def printed(*words: str) -> str:
    """What the program prints at 80 columns in an empty folder, without a gallery or installed weights."""
    with tempfile.TemporaryDirectory() as folder:
        quiet = {k: v for k, v in os.environ.items() if not k.startswith("GALLERY_")}
        done = subprocess.run(
            [sys.executable, "-m", "gallery", *words],
            cwd=folder,
            env={
                **quiet,
                "COLUMNS": "80",
                "GALLERY_MODELS": str(Path(folder) / "models"),
                "PYTHONPATH": str(README.parent),
            },
            capture_output=True,
            text=True,
            check=True,
        )
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def demo() -> str:
    """The demo's output."""
    return f"```text\n$ gallery demo\n{printed('demo')}\n```"


def reference() -> str:
    """The help of every command."""
    return "\n\n".join(
        f"### gallery {' '.join(words)}\n\n```text\n{printed(*words, '--help')}\n```" for words in COMMANDS
    )


PARTS: dict[str, Callable[[], str]] = {"demo": demo, "reference": reference}


def part(text: str, name: str) -> re.Match[str]:
    """Where a part stands in the README, between its two comments."""
    found = re.search(rf"(?<=<!-- {name} -->\n)(.*?)(?=\n<!-- end of {name} -->)", text, re.DOTALL)
    if found is None:
        raise SystemExit(f"README.md has no part {name!r}")
    return found


def main() -> None:
    text = README.read_text()
    for name, write in PARTS.items():
        place = part(text, name)
        text = text[: place.start()] + write() + text[place.end() :]
    README.write_text(text)


if __name__ == "__main__":
    main()
