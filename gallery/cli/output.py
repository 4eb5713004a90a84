"""Where output goes: tables and JSON to standard output, remarks to standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console


def console() -> Console:
    """For tables. Without a terminal: no colour, and 80 columns unless COLUMNS says otherwise."""
    return Console(highlight=False, soft_wrap=False)


def remark(text: str) -> None:
    """A sentence beside the results, on standard error."""
    if text:
        Console(stderr=True, highlight=False).print(text, markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on standard output, and nothing else. Numbers that are none (NaN) are refused."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")
