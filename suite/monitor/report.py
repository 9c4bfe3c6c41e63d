"""What a monitor and a single look say in the same words: causes, a verdict, and tables."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

from suite.monitor.history import History
from suite.monitor.inputs import MonitorError
from suite.protocol.records import Cause, Outcome

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from suite.pictures import Picture


class Report:
    """What was seen.

    Attributes:
        history: All of it.
    """

    history: History

    @property
    def causes(self) -> tuple[Cause | Outcome, ...]:
        """Why the model does not (or would not) train, by the rules of the protocol, over all looks.

        `nonfinite` is the first of them where a value was not finite.
        """
        nonfinite = (Outcome.NONFINITE,) if self.history.nonfinite_step is not None else ()
        return (*nonfinite, *self.history.causes())

    @property
    def verdict(self) -> str:
        """What was seen, in words: "vanishing, 0.24 per layer"."""
        return self.history.verdict()

    @abstractmethod
    def picture(self) -> Picture:
        """What is drawn: for `suite.pictures`."""

    def plot(self) -> Figure:
        """The picture, as a figure of Matplotlib's."""
        from suite.pictures import draw

        return draw(self.picture().drawing)

    def save(self, path: str | Path) -> Path:
        """Writes the picture: a PNG, or a page of its own, by the ending of the name.

        Raises:
            MonitorError: The name ends in neither .png nor .html.
        """
        from suite.pictures import html_text, png_bytes

        path = Path(path)
        if path.suffix == ".png":
            path.write_bytes(png_bytes(self.picture().drawing))
        elif path.suffix == ".html":
            path.write_text(html_text(self.picture()), encoding="utf-8")
        else:
            raise MonitorError(f"Expected a file name that ends in .png or .html. Received: {str(path)!r}")
        return path

    def by_layer(self) -> pandas.DataFrame:
        """One row per look and layer: gradients, activations, update ratio, and what the layer is."""
        return self.history.by_layer()

    def by_time(self) -> pandas.DataFrame:
        """One row per look, recurrent layer, state and time step."""
        return self.history.by_time()


def deprecated(old: str, new: str) -> None:
    """Warns the caller of an old name."""
    warnings.warn(f"{old} will go with the next version: use {new}", DeprecationWarning, stacklevel=3)
