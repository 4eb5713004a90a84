"""Pictures as a real Chromium shows them, pixel by pixel."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

TYPES = {"jpg": "jpeg", "png": "png", "webp": "webp", "avif": "avif", "gif": "gif"}
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", "--dump-dom")
PAGE = """<!doctype html><pre id=out></pre><div id=in>%s</div><script>
onload = () => {
  const out = {};
  for (const image of document.querySelectorAll("img")) {
    const canvas = document.createElement("canvas");
    if (!image.naturalWidth) continue;
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    const context = canvas.getContext("2d", {colorSpace: "srgb"});
    context.drawImage(image, 0, 0);
    const levels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let text = "";
    for (let at = 0; at < levels.length; at += 30000) text += String.fromCharCode(...levels.subarray(at, at + 30000));
    out[image.alt] = [canvas.width, canvas.height, btoa(text)];
  }
  document.getElementById("in").remove();
  document.getElementById("out").textContent = "<<" + JSON.stringify(out) + ">>";
};
</script>"""


def shown_by_browser(files: Mapping[str, bytes], folder: Path) -> dict[str, NDArray[np.uint8]]:
    """`(height, width, 4) uint8` of each file that Chromium can show; skips the test where there is none.

    Args:
        files: By name, which ends in the format's usual ending.
        folder: Takes the page and the browser's own files.
    """
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        pytest.skip("no Chromium on the path")
    urls = {
        name: f"data:image/{TYPES[name.rpartition('.')[2]]};base64,{base64.b64encode(data).decode()}"
        for name, data in files.items()
    }
    page = folder / "page.html"
    page.write_text(PAGE % "".join(f'<img alt="{name}" src="{url}">' for name, url in urls.items()))
    done = subprocess.run(
        [browser, *FLAGS, f"--user-data-dir={folder / 'browser'}", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    found = re.search(r"&lt;&lt;(\{.*\})&gt;&gt;", done.stdout, re.DOTALL)
    assert found, done.stderr
    return {
        name: np.frombuffer(base64.b64decode(levels), np.uint8).reshape(height, width, 4)
        for name, (width, height, levels) in json.loads(html.unescape(found[1])).items()
    }
