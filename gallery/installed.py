"""How this program was installed, and the commands that add to it or bring it up to date where it runs.

The name `gallery` on the public index is somebody else's, and what is right in one environment fails in another: a
tool of pipx or uv has no pip of its own, a checkout is no distribution at all. So an addition is named by the packages
that it consists of, and the command is one for the environment that this process runs in.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import sysconfig
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

DISTRIBUTION = "face-gallery-anonymiser"
"""What the program is called where packages are installed from; the package and the command are `gallery`."""

_EXTRA = re.compile(r"""^(?P<package>[^;]+?)\s*;.*\bextra\s*==\s*['"](?P<extra>[^'"]+)['"]""")


def adding(extra: str) -> str:
    """The command that adds an extra of this program, such as `heic`, where it runs."""
    return installing(_packages(extra))


def installing(packages: list[str]) -> str:
    """The command that installs packages beside this program, where it runs.

    Args:
        packages: With the versions they need, such as `"opencv-python-headless<5"`.
    """
    prefix, python = Path(sys.prefix), shlex.quote(sys.executable)
    named = " ".join(map(shlex.quote, packages))
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx inject {shlex.quote(prefix.name)} {named}"
    if (prefix / "uv-receipt.toml").exists() or find_spec("pip") is None:
        return f"uv pip install --python {python} {named}"
    return f"{python} -m pip install {_despite_the_system()}{named}"


def updating(version: str = "") -> str:
    """What to do to get a later version of this program, where it runs.

    Args:
        version: The least that is needed; empty for the newest.
    """
    prefix = Path(sys.prefix)
    if (prefix / "pipx_metadata.json").exists():
        return f"pipx upgrade {shlex.quote(prefix.name)}"
    if (prefix / "uv-receipt.toml").exists():
        return f"uv tool upgrade {DISTRIBUTION}"
    source = _source()
    if source is not None:
        wanted = f"version {version} or later" if version else "the newest version"
        return f"bring {source} to {wanted} and install it again"
    return installing(["--upgrade", f"{DISTRIBUTION}>={version}" if version else DISTRIBUTION])


def _packages(extra: str) -> list[str]:
    """What an extra consists of, as its requirements say."""
    installed = _installed()
    if installed is None:
        return _in_checkout(extra)
    found = (_EXTRA.match(line) for line in installed.requires or ())
    return [one["package"] for one in found if one is not None and one["extra"] == extra]


def _in_checkout(extra: str) -> list[str]:
    project = tomllib.loads((_checkout() / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["optional-dependencies"][extra])


def _installed() -> Distribution | None:
    """The distribution that this package belongs to; None where it runs in a plain checkout."""
    try:
        return distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return None


def _checkout() -> Path:
    return Path(__file__).resolve().parent.parent


def _source() -> Path | None:
    """The folder or file that this program was installed from, or runs in; None where it came from an index."""
    installed = _installed()
    if installed is None:
        return _checkout()
    origin = installed.read_text("direct_url.json")  # https://packaging.python.org/specifications/direct-url
    url = urlsplit(json.loads(origin)["url"]) if origin else None
    return Path(unquote(url.path)) if url is not None and url.scheme == "file" else None


def _despite_the_system() -> str:
    """What lets pip add to a Python that the system looks after (PEP 668), where this program runs in such a one."""
    own = sys.prefix != sys.base_prefix
    kept = not own and (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").exists()
    return "--user --break-system-packages " if kept else ""
