"""What a task is: its entry and its form, known without loading it; then arrays in three splits and what scores mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from suite.catalog.entries import Entry

if TYPE_CHECKING:
    import numpy as np


class TaskError(Exception):
    """A task's data is missing or unusable. Its text is ready for a user."""


@dataclass(frozen=True)
class Form:
    """What can be said of a task without loading it.

    Attributes:
        examples: What one example is.
        targets: What is to be predicted.
        every_step: Whether there is a target at every time step.
        size: Height and width of an image, where known.
        train: Examples to train on, where known.
        chance: What the best constant answer scores, where known: an accuracy, or a mean squared error.
        largest: The largest target, of numbers from 0 on, where known.
        steps: Time steps of a sequence, where known.
        held_out: Examples to validate on, and about as many to test on; 0 where not known.
    """

    examples: Literal["table", "sequence", "image"]
    targets: Literal["classes", "numbers"]
    every_step: bool = False
    size: int | None = None
    train: int | None = None
    chance: float | None = None
    largest: float | None = None
    steps: int | None = None
    held_out: int = 0


@dataclass(frozen=True)
class TaskEntry(Entry):
    """A task that a spec may name; its `target` takes its arguments and returns a `Task`.

    Attributes:
        form: From all its arguments to the form of its examples and targets.
        downloaded: Whether Keras downloads its data, if they are not in the data folder.
    """

    form: Callable[[Mapping[str, Any]], Form] = lambda _: Form("table", "classes")
    downloaded: bool = False


@dataclass(frozen=True)
class Split:
    """Examples and their targets.

    Attributes:
        x: Inputs, float32, shape (examples, ...): (height, width, channels) for images, (time, features) for sequences.
        y: Targets: int32 classes of shape (examples,) or (examples, time), or float32 numbers of shape (examples, outputs).
    """

    x: np.ndarray
    y: np.ndarray

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Task:
    """A dataset with its splits and metric.

    Attributes:
        name: As in the catalog.
        train: To fit.
        validation: To choose.
        test: To report; read once per replicate, at its end.
        classes: How many, or None where targets are numbers.
        score_from: Time steps before this one do not count towards the metric (only where targets have a time axis).
        prior: Targets that the baseline is taken on, where the training targets are too few to say what is known
            without looking; the training targets by default.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: int | None
    score_from: int = 0
    prior: np.ndarray | None = None

    @property
    def metric(self) -> str:
        """What a score is: `accuracy`, or `mse` where targets are numbers."""
        return "mse" if self.classes is None else "accuracy"

    @property
    def higher_is_better(self) -> bool:
        """Which way scores are ranked."""
        return self.classes is not None

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Of the model's output for one example: (classes,) or (outputs,), after (time,) where every step has a target."""
        return self.train.y.shape[1:] if self.classes is None else (*self.train.y.shape[1:], self.classes)

    @property
    def baseline_targets(self) -> np.ndarray:
        """What the best constant predictor is fitted to."""
        return self.train.y if self.prior is None else self.prior

    @property
    def chance_score(self) -> float:
        """The test metric of the constant (at every time step) that predicts best on the training targets."""
        import numpy as np

        if self.classes is None:
            return float(np.mean((self.test.y - self.baseline_targets.mean(axis=0)) ** 2))
        columns = self.baseline_targets.reshape(len(self.baseline_targets), -1)
        best = np.array([np.bincount(column).argmax() for column in columns.T])
        return float(np.mean((self.test.y.reshape(len(self.test), -1) == best)[:, self.score_from :]))

    def facts(self) -> dict[str, Any]:
        """What a record keeps of the task: how to read its scores, and the splits' sizes."""
        return {
            "metric": self.metric,
            "higher_is_better": self.higher_is_better,
            "chance_score": self.chance_score,
            "classes": self.classes,
            "train_size": len(self.train),
            "validation_size": len(self.validation),
            "test_size": len(self.test),
        }
