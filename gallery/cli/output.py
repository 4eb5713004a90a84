"""Where output goes: tables and JSON to standard output, remarks to standard error."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


class _Remarks(logging.Handler):
    """Shows what the adapters warn of, each sentence once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Prints one warning."""
        text = record.getMessage()
        if text not in self._said:
            self._said.add(text)
            remark(f"Warning: {text}")


@contextmanager
def showing_warnings() -> Iterator[None]:
    """Shows the package's warnings as remarks while it lasts."""
    log, handler = logging.getLogger("gallery"), _Remarks()
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
