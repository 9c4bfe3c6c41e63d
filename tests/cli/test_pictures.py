"""What a user sees of a run: where to look next, a figure for a slide, a site of one's own, and one drawing in all of them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
from pathlib import Path

import pytest

from tests.conftest import TINY, Suite

ROOT = Path(__file__).parents[2]
SPEC = TINY.replace("depth: 3, ", "").replace("grid:\n", "grid:\n  depth: [2, 4]\n")
SPEC = SPEC.replace("[relu, tanh]", "[tanh]")  # a program for each depth, which the initializers share
CLAIM = """\
claims:
  - {id: deeper, says: Deeper is worse., trend: {depth: down}, benchmark: tiny}
"""
IMAGE = re.compile(r'href="(data:image/png;base64,[^"]*)"')


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> tuple[Suite, str]:
    """A grid of two depths under two replicates, and what its run said."""
    folder = tmp_path_factory.mktemp("pictured")
    (folder / "tiny.yaml").write_text(SPEC)
    suite = Suite(folder, lambda: empty_database)
    said = suite("run", "tiny.yaml", "--workers", 0).stdout
    (folder / "mine.yaml").write_text(CLAIM)
    (folder / "broken.yaml").write_text(CLAIM.replace("tiny", "tniy"))
    built = suite("leaderboard", "--from-store", "--out", "site")
    assert "skipped: broken.yaml:2:75: claims.benchmark: got tniy, expected a benchmark" in built.stderr
    return suite, said


def test_ones_own_claims_are_on_ones_own_site(run: tuple[Suite, str]) -> None:
    suite, _ = run
    advice = (suite.folder / "site" / "advice.html").read_text(encoding="utf-8")
    assert "Deeper is worse." in advice
    page = (suite.folder / "site" / "advice" / "deeper.html").read_text(encoding="utf-8")
    assert page.count('class="forest"') or "All settings" in page
    command = re.search("<code>suite (claims deeper --show)</code>", page)
    assert command
    shown = suite(*command[1].split(), "--check").stdout
    verdict = re.search('class="chip v-[a-z]*">([^<]*)<', page)
    assert verdict
    assert shown.startswith(verdict[1])


def test_a_run_ends_by_naming_where_to_look_next(run: tuple[Suite, str]) -> None:
    suite, said = run
    *_, pages, more = said.splitlines()
    found = re.fullmatch(r"Gradients: (\S+/best\.html) and (worst\.html)", pages)
    assert found
    for path in (Path(found[1]), Path(found[1]).with_name(found[2])):
        assert "replicate 1" in (suite.folder / path).read_text(encoding="utf-8")
    assert "`suite ui`" in more
    assert "`suite leaderboard --from-store --out site`" in more


def test_two_replicates_look_the_same_in_mlflow_on_the_page_and_in_a_plot(run: tuple[Suite, str]) -> None:
    """The gradients' images: pixel by pixel the same, and of all cells."""
    suite, _ = run
    recorded = {tuple(IMAGE.findall(path.read_text())) for path in suite.folder.glob("mlruns/**/gradients.html")}
    pages = [path.read_text() for path in (suite.folder / "site/tiny/cell").glob("*.html")]
    assert len(recorded) == 4
    assert all(len(images) == 3 for images in recorded), "the median, and both replicates"
    assert {tuple(IMAGE.findall(page)) for page in pages} == recorded
    suite("plot", "tiny.yaml", "--what", "gradients", "--out", "all.svg")
    assert sorted(IMAGE.findall((suite.folder / "all.svg").read_text())) == sorted(images[0] for images in recorded)


@pytest.mark.parametrize("what", ["gradients", "scores", "rates", "depth", "trend"])
def test_any_figure_can_be_plotted(run: tuple[Suite, str], what: str) -> None:
    suite, _ = run
    assert suite("plot", "tiny.yaml", "--what", what, "--out", "fig.svg").stdout == "fig.svg\n"
    drawn = (suite.folder / "fig.svg").read_text()
    assert drawn.count("small") >= (1 if what == "trend" else 2)
    one = suite("plot", "tiny.yaml", "--what", what, "--only", "initializer=small", "--out", "fig.pdf")
    assert one.stdout == "fig.pdf\n"
    assert (suite.folder / "fig.pdf").read_bytes().startswith(b"%PDF")


def test_the_atlas_of_a_board_of_two_factors(run: tuple[Suite, str]) -> None:
    suite, _ = run
    assert suite("plot", "tiny.yaml", "--what", "atlas", "--out", "atlas.svg").stdout == "atlas.svg\n"
    drawn = (suite.folder / "atlas.svg").read_text()
    assert drawn.count(" of 2 runs train, gradient ") == 4
    assert len(IMAGE.findall(drawn)) == 1
    assert suite("plot", "tiny.yaml", "--what", "atlas", "--out", "atlas.png").stdout == "atlas.png\n"
    one = suite("plot", "tiny.yaml", "--what", "atlas", "--only", "depth=2", "--out", "a.svg", status=2)
    assert "for this chart: it needs two to four factors with several levels each" in one.stderr


def test_what_cannot_be_plotted_is_told(run: tuple[Suite, str]) -> None:
    suite, _ = run
    for arguments, told in (
        (("--what", "nothing", "--out", "a.svg"), "--what: got nothing, expected one of loss, scores, beta, gradients"),
        (("--what", "loss", "--out", "a.gif"), "--out a.gif: expected a file name that ends in .svg, .png, .pdf"),
        (("--what", "time", "--out", "a.svg"), "--what time: the results of tiny have no data"),
        (("--what", "loss", "--out", "no/a.svg"), "--out no/a.svg: cannot be written: No such file or directory"),
        (("--what", "loss", "--out", "a.svg", "--quick"), "no quick results for tiny"),
    ):
        assert told in suite("plot", "tiny.yaml", *arguments, status=2).stderr


def test_a_site_of_ones_own_shows_the_trend_along_depth(run: tuple[Suite, str]) -> None:
    suite, _ = run
    page = (suite.folder / "site/tiny/factors.html").read_text()
    for title in ("Test accuracy by depth", "Gradient ratio R at the first step by depth"):
        chart = page[page.index(f"{title} of 2 recipes") :]
        assert chart[: chart.index("</svg>")].count('class="l-') >= 2
    empty = Suite(suite.folder / "site")
    assert "no results in" in empty("leaderboard", "--from-store", "--out", "again", status=2).stderr


def test_ui_on_a_port_that_is_taken_is_told(run: tuple[Suite, str]) -> None:
    suite, _ = run
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = suite("ui", "--port", port, status=2)
    assert (done.stdout, done.stderr) == ("", f"--port {port}: Address already in use. Choose another one.\n")


def test_ui_logs_what_mlflow_lacks_and_opens_two_views(run: tuple[Suite, str]) -> None:
    suite, _ = run
    shutil.rmtree(suite.folder / "mlruns")
    (suite.folder / "mlflow.db").unlink()
    with suite.start("ui", "--port", 5987) as process:
        assert process.stdout is not None
        said = [process.stdout.readline().strip() for _ in range(4)]
        os.killpg(process.pid, signal.SIGKILL)
    runs = "http://127.0.0.1:5987/#/experiments/1/runs?viewStateShareKey="
    assert said == [
        "Starting MLflow at http://127.0.0.1:5987. Press Ctrl-C to stop.",
        "tiny",
        f"ranking:   {runs}ranking",
        f"gradients: {runs}gradients&compareRunsMode=CHART",
    ]
    assert len(list(suite.folder.glob("mlruns/**/gradients.html"))) == 4
