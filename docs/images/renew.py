"""Renew the pictures of README and site from the demo: the list, and the report. Every child in them is synthetic.

Needs chromium on the machine and playwright, which the development install has: ``make images``.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 1280, 900
#: The bar at the top of each page that says the children are synthetic.
BANNER = 34
#: How many colours a picture keeps: pages are mostly text on white, so few do, and the files stay small.
COLOURS = 64


def pages(demo: Path) -> dict[str, tuple[Path, int]]:
    """Return the page behind each picture, and at which of its headings (h2) the picture begins; 0 is the top.

    Parameters
    ----------
    demo : pathlib.Path
        The folder of ``send-screen demo``.

    Returns
    -------
    dict of str to (pathlib.Path, int)
    """
    [report] = sorted((demo / "models").glob("*/report.html"))[-1:]
    return {"list": (demo / "lists" / "report.html", 0), "report": (report, 0)}


def main(demo: Path) -> None:
    """Write ``list.png`` and ``report.png`` beside this file."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("There is no chromium on this machine: apt-get install chromium.")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, (page, heading) in pages(demo).items():
            view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            view.goto(page.resolve().as_uri())
            path = Path(__file__).with_name(f"{name}.png")
            view.screenshot(path=path, full_page=True)
            top = view.locator("h2").nth(heading - 1).bounding_box()["y"] - 16 if heading else BANNER
            whole = Image.open(path).convert("RGB")
            picture = whole.crop((0, 0, WIDTH, HEIGHT))
            picture.paste(whole.crop((0, top, WIDTH, top + HEIGHT - BANNER)), (0, BANNER))
            picture.quantize(COLOURS).save(path, optimize=True)
            print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "demo")
