"""The command line. `main` is the program; nothing heavy is imported until a command needs it."""

from __future__ import annotations


def main() -> None:
    """Runs the program and exits with its exit code."""
    from gallery.cli.boundary import run

    raise SystemExit(run())
