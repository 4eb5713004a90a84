"""How much of the machine is ours."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Cores this process may use; fewer than the machine has where a container or `taskset` says so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
