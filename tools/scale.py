"""How a board of many cells is built, opened, sorted and filtered: figures, no pass or fail.

Run as `python -m tools.scale`, which makes 5,000 cells, or with a smaller number of levels a factor.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.leaderboard.browser import chromium
from tests.leaderboard.synthetic import write_results

FACTORS = {"a": 10, "b": 10, "c": 5, "d": 10}
"""Levels of each factor."""

BUILD = """
import sys
from pathlib import Path
from leaderboard import site
site.build(Path(sys.argv[1]), Path(sys.argv[2]))
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(f"peak memory: {int(peak.split()[1]) / 1e6:.2f} GB")
"""
ACT = """async (selector) => {
  const body = document.querySelector('#board tbody');
  const start = performance.now();
  const changed = new Promise((done) => new MutationObserver(done).observe(body, { childList: true }));
  document.querySelector(selector).click();
  await changed;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - start;
}"""


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m tools.scale", description=__doc__)
    parser.add_argument("--levels", type=int, default=10, help="at most so many levels a factor")
    most = parser.parse_args().levels
    grid = {factor: [f"{factor}_{n}" for n in range(min(size, most))] for factor, size in FACTORS.items()}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_results(root / "results", "large", title="Many cells", grid=grid, missing=2)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", BUILD, str(root / "results"), str(root / "site")], check=True)
        print(f"built in {time.perf_counter() - start:.0f} s")
        pages = list(root.glob("site/large/cell/*.html"))
        print(f"board: {(root / 'site/large/index.html').stat().st_size / 1e6:.1f} MB")
        print(f"cell: {sum(page.stat().st_size for page in pages) / len(pages) / 1e3:.1f} kB on average")
        browse(root / "site/large/index.html")


def browse(board: Path) -> None:
    """Opens, sorts and filters a board in a real browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        start = time.perf_counter()
        page.goto(board.as_uri())
        page.wait_for_selector("#board.ready")
        print(f"opened in {time.perf_counter() - start:.1f} s")
        for name, selector in (
            ("sort by score", 'th[data-key="test"]'),
            ("sort by recipe", 'th[data-key="recipe"]'),
            ("next page", ".dt-paging-button.next:not(.disabled)"),
            ("filter", 'fieldset[data-facet="f.a"] label:nth-of-type(3) input'),
            ("filter", 'fieldset[data-facet="f.b"] label:nth-of-type(3) input'),
        ):
            if page.query_selector(selector):  # a small board has one page
                print(f"{name}: {page.evaluate(ACT, selector):.0f} ms")
        browser.close()


if __name__ == "__main__":
    main()
