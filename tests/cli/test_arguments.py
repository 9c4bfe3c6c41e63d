"""Options are read before anything starts, and what is wrong with one is told."""

from __future__ import annotations

import pytest

from suite.cli.arguments import UsageError, parse_only, parse_workers, parts_of


def test_each_option_is_a_part_of_the_grid() -> None:
    options = ["activation=relu,tanh,optimizer=sgd", "depth=20"]
    assert parse_only(options) == [{"activation": ["relu", "tanh"], "optimizer": ["sgd"]}, {"depth": ["20"]}]
    assert parse_only(None) == []


@pytest.mark.parametrize("option", ["relu", "=relu", "activation=", "activation=relu,,tanh", ""])
def test_a_part_names_a_factor_and_a_level(option: str) -> None:
    with pytest.raises(UsageError, match="expected factor=level"):
        parse_only([option])


def test_a_part_goes_to_the_grids_that_vary_its_factors_or_to_all_if_none_does() -> None:
    depth, both, lost = {"depth": ["2"]}, {"depth": ["2"], "width": ["3"]}, {"dept": ["2"]}
    grids = [("depth", "width"), ("depth",), ("width",)]
    assert parts_of([depth, both], grids) == [[depth, both], [depth], []]
    assert parts_of([depth, lost], grids) == [[depth, lost], [depth, lost], [lost]]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("8", 8),
        ("1000", 1000),
        ("tcp://10.0.0.1:8786", None),
        ("tls://[::1]:1", None),
        ("wss://a.b:443/", None),
    ],
)
def test_workers_are_a_number_or_an_address(text: str, value: int | None) -> None:
    assert parse_workers(text) == (text if value is None else value)


@pytest.mark.parametrize(
    "text",
    ["²", "٣", "-1", "1.5", "", "many", "1001", "1" + "0" * 23, "9" * 5000, "foo://bar", "tcp://", "://", "tcp://host",
     "tcp://host:0", "tcp://host:99999", "foo://host:1", "tcp://a b:1", "tcp://host:²"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected a number of processes up to 1,000 or the address of a Dask"):
        parse_workers(text)
