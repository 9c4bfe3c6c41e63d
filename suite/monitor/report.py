"""What a monitor and a single look say in the same words: causes, a verdict, and tables."""

from __future__ import annotations

import html
import re
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from suite.monitor.advice import remedies
from suite.monitor.batches import MonitorError
from suite.monitor.diagnosis import Fault
from suite.monitor.history import History
from suite.monitor.traits import Traits
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
    _traits: Traits

    @property
    def causes(self) -> tuple[Cause | Outcome | Fault, ...]:
        """Why the model does not (or would not) train, over all looks: causes of the protocol, and faults of the monitor's."""
        return tuple(diagnosis.cause for diagnosis in self.history.diagnoses())

    @property
    def verdict(self) -> str:
        """What was seen, in words: "vanishing, 0.24 per layer"."""
        return self.history.verdict()

    @abstractmethod
    def picture(self) -> Picture:
        """What is drawn: for `suite.pictures`."""

    def _repr_html_(self) -> str:
        """For a notebook: the verdict, the picture, three remedies with their code, and the table, folded."""
        if not self.history.observations:
            return f"<p>{html.escape(self.verdict)}</p>"
        diagnoses = self.history.diagnoses()
        tries = list(dict.fromkeys(text for each in diagnoses for text in remedies(each, self._traits)))[:3]
        items = "".join(f"<li>{_with_code(text)}</li>" for text in tries)
        looked = self.by_layer()
        table = looked[looked["step"] == self.history.steps[-1]].drop(columns=["step", "epoch"])
        parts = [
            f"<p><b>{html.escape(self.verdict)}</b></p>",
            f"<p>Try:</p><ol>{items}</ol>" if items else "",
            self.picture().drawing.svg(),
            f"<details><summary>{len(table)} layers</summary>{table.to_html(index=False, float_format='{:.3g}'.format)}</details>",
        ]
        return "\n".join(part for part in parts if part)

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


def folded(lines: Sequence[str], most: int) -> list[str]:
    """A table of at most `most` rows: of a longer one its head, and the first, middle and last rows."""
    if len(lines) - 1 <= most:
        return list(lines)
    head, *rows = lines
    third = most // 3
    middle = (len(rows) - third) // 2
    found, at = [head], 0
    for start in (0, middle, len(rows) - third):
        if start > at:
            found.append(f"  ... {start - at} more layers")
        found += rows[start : start + third]
        at = start + third
    return found


def _with_code(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text))
