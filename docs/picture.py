"""Make docs/images/report.webp, the picture on the front page: the top of the demo's report in a browser.

``driftwheel demo check`` first, then ``python docs/picture.py``. Needs the extra `dev` and Debian's package
`chromium`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
REPORT = DOCS.parent / "driftwheel-demo" / "report.html"
PICTURE = DOCS / "images" / "report.webp"
WIDTH = 1280  # px
MOST_BYTES = 200_000


def main() -> None:
    """Take the picture and store it as WebP of at most `MOST_BYTES`."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("There is no chromium here; on Debian: apt-get install chromium")
    if not REPORT.is_file():
        sys.exit(f"There is no {REPORT}; run `driftwheel demo check` first.")
    arguments = [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": WIDTH, "height": 800}, color_scheme="light")
        page.goto(REPORT.resolve().as_uri())
        last = page.locator("#pictures").bounding_box() or {"y": 0.0, "height": 1000.0}
        height = last["y"] + last["height"] + 16
        png = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height})
        browser.close()
    pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        sys.exit("The browser's picture cannot be read.")
    for quality in (90, 80, 75, 70, 65, 60, 50):
        _, webp = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, quality])
        if len(webp) <= MOST_BYTES:
            break
    PICTURE.write_bytes(bytes(webp))
    sys.stdout.write(f"{PICTURE.name}: {len(webp)} bytes at quality {quality}\n")


if __name__ == "__main__":
    main()
