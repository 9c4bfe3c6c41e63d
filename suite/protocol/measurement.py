"""What a measurement is: a row of the table in `suite.protocol.measurements`, of ours or of a plug-in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Axis = Literal["step", "look", "layer", "recurrent layer", "time"]
"""Every step of training, every probed one, hidden layers from the input on, the recurrent of them, their time steps."""


@dataclass(frozen=True)
class Measurement:
    """One measurement. Numbers are float32; a run that ended early has fewer looks.

    Attributes:
        name: Of its array in `suite.protocol.records.Replicate.traces`.
        meaning: In one line.
        axes: Of that array.
        table: The exported table that it is a column of.
        column: Its name there; as in the traces, if nothing is said.
        probe: The code that measures it, as `module:class`; without, the training program itself.
        head: Over its column where `suite.probe` is printed, if it is shown there.
        share: Whether it is a share of units, from 0 to 1.
        series: Name in MLflow, of its largest over the layers; `{metric}` stands for the task's metric.
        log10: Whether the series is of its log10.
        landscape: Whether it is measured only where a budget asks for the landscape.
        optional: Whether results that were exported before it was measured are read without it.
    """

    name: str
    meaning: str
    axes: tuple[Axis, ...]
    table: str
    column: str = ""
    probe: str = ""
    head: str = ""
    share: bool = False
    series: str = ""
    log10: bool = False
    landscape: bool = False
    optional: bool = False
