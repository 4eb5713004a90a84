"""Who is at the keyboard."""

from __future__ import annotations

import getpass


def login_name() -> str:
    """The name under which this process's user is known; empty where there is none, as in a bare container."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # which of them depends on the version of Python and the system
        return ""
