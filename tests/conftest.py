"""What several tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Machines differ in speed and are shared: what is right must not depend on how long it takes.
settings.register_profile("gallery", deadline=None)
settings.load_profile("gallery")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photographs; the test is skipped where it is absent."""
    folder = Path(os.environ.get("GALLERY_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test photographs at {folder} (set GALLERY_TEST_DATA)")
    return folder
