"""Files that are no plain ones are never waited for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gallery.adapters.plain_file import open_plain, read_plain

READERS = {
    "read_plain": "from gallery.adapters.plain_file import read_plain as use",
    "a photo": "from gallery.adapters.photos.read import read as use",
    "a hash": "from gallery.adapters.photos.write import fingerprint as use",
    "a size": "from gallery.adapters.photos.size import size_of\ndef use(path): size_of(path, 100)",
    "weights": "from gallery.adapters.weights import WeightsFolder\nuse = WeightsFolder(Path()).fingerprint",
}


def test_a_file_is_read(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"photo" * 99_999)
    (tmp_path / "link.jpg").symlink_to(path)
    assert read_plain(path) == read_plain(tmp_path / "link.jpg") == path.read_bytes()
    path.write_bytes(b"")
    assert read_plain(path) == b""


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, tmp_path / "nothing", Path("/dev/zero")):
        with pytest.raises(OSError, match=r"regular file|directory"):
            open_plain(path)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize("device", ["/proc/kmsg", "/dev/zero", "pipe"])
def test_nobody_waits_for_a_device(tmp_path, reader, device):
    if device == "pipe":
        os.mkfifo(tmp_path / "pipe")
    link = tmp_path / "x.jpg"
    link.symlink_to(device)
    script = f"from pathlib import Path\n{reader}\ntry:\n    use(Path({str(link)!r}))\nexcept Exception: pass"
    subprocess.run([sys.executable, "-c", script], timeout=60, check=True)
