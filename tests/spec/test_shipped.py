"""A spec is found by its path or by the bare name of a benchmark that ships with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from suite.spec import SpecError, find_spec, shipped_specs
from tests.spec.specs import tiny, write


def complaint(name: str) -> str:
    with pytest.raises(SpecError) as caught:
        find_spec(name)
    (problem,) = caught.value.problems
    return problem.message


def test_a_path_is_itself(tmp_path: Path) -> None:
    file = write(tmp_path, tiny())
    assert find_spec(str(file)) == file


def test_a_bare_name_is_a_shipped_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep_mlp").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_spec("deep_mlp").name == "deep_mlp.yaml"
    assert "deep_mlp" in shipped_specs()


def test_an_installed_package_brings_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel ships them inside the package, in folders of any depth."""
    shipped = tmp_path / "suite" / "_benchmarks" / "mnist"
    shipped.mkdir(parents=True)
    (shipped / "mlp.yaml").write_text(tiny())
    monkeypatch.setattr("suite.spec.shipped._PACKAGE", tmp_path / "suite")
    assert find_spec("mnist/mlp") == shipped / "mlp.yaml"


def test_a_name_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    assert complaint("deep_mpl").startswith("no such file or benchmark; did you mean deep_mlp?; included benchmarks: ")
    for board in ("rnn_adding", "rnn_ading"):
        assert "did you mean rnn_sequences?" in complaint(board), "the file that holds it"
    assert "did you mean" not in complaint("zzzz")


def test_a_file_that_is_not_there_is_told_with_its_neighbour(tmp_path: Path) -> None:
    file = write(tmp_path, tiny())
    assert f"did you mean {file}?" in complaint(str(tmp_path / "spek.yaml"))
    assert f"did you mean {file}?" in complaint(str(tmp_path / "spec")), "as its benchmark may be called"


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", ""])
def test_a_name_that_can_be_no_file_is_told_in_one_line(name: str) -> None:
    assert len(complaint(name)) < 2000


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    assert complaint(str(tmp_path)) == "is a folder, expected a YAML file"


def test_a_link_that_leads_nowhere_is_told_as_one(tmp_path: Path) -> None:
    write(tmp_path, tiny())
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    (tmp_path / "lost.yaml").symlink_to("nowhere.yaml")
    expected = "is a broken link: "
    assert complaint(str(tmp_path / "loop.yaml")) == expected + "Too many levels of symbolic links"
    assert complaint(str(tmp_path / "lost.yaml")) == expected + "No such file or directory"
