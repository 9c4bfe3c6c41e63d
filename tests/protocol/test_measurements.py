"""One table of measurements, from which traces, columns and series follow."""

from __future__ import annotations

import numpy as np
import pytest

from suite.catalog import load_target
from suite.protocol.columns import TABLES
from suite.protocol.measurement import Measurement
from suite.protocol.measurements import MEASUREMENTS, columns_of, series_of


def test_every_measurement_is_a_column_of_its_table_and_no_two_are_one() -> None:
    for table in {measurement.table for measurement in MEASUREMENTS}:
        columns = [m.column or m.name for m in MEASUREMENTS if m.table == table]
        assert len(set(columns)) == len(columns)
        assert TABLES[table][-len(columns) :] == tuple(columns) == tuple(columns_of(table))
    names = [measurement.name for measurement in MEASUREMENTS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("measurement", [m for m in MEASUREMENTS if m.probe], ids=lambda m: m.name)
def test_every_probe_that_is_named_is_there(measurement: Measurement) -> None:
    from suite.probes import StepProbe, ValidationProbe

    assert issubclass(load_target(measurement.probe), (StepProbe, ValidationProbe))


def test_series_are_of_the_looks_and_of_the_largest_layer() -> None:
    traces = {
        "probed_step": np.array([0, 2]),
        "loss": np.array([3.0, 2.0, 1.0]),
        "gradient_norm": np.array([100.0, 10.0, 0.0]),
        "validation_score": np.array([0.5, 0.75]),
        "gradient_rms": np.array([[1e-3, 1.0], [0.0, 1.0]]),
        "saturated_fraction": np.array([[np.nan, 0.25], [np.nan, 0.5]]),
    }
    found = {name: values.tolist() for name, values in series_of(traces, "accuracy", floor=1e-30).items()}
    assert found == {
        "loss/training": [3.0, 1.0],
        "gradient_log10/all_weights": [2.0, -30.0],
        "accuracy/validation": [0.5, 0.75],
        "units/saturated_fraction": [0.25, 0.5],
        "gradient_log10/first_layer": [-3.0, -30.0],
        "gradient_log10/last_layer": [0.0, 0.0],
        "gradient_log10/ratio_first_to_last": [-3.0, -30.0],
    }
    assert series_of(traces)["gradient_log10/all_weights"].tolist() == [2.0, -np.inf], "without a floor, 0 has none"
