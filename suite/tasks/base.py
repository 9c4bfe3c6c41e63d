"""What a task is: arrays in three splits, and what its scores mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


class TaskError(Exception):
    """A task's data is missing or unusable. Its text is ready for a user."""


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
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: int | None
    score_from: int = 0

    @property
    def metric(self) -> str:
        """What a score is: `accuracy`, or `mse` where targets are numbers."""
        return "mse" if self.classes is None else "accuracy"

    @property
    def higher_is_better(self) -> bool:
        """Which way scores are ranked."""
        return self.classes is not None

    @property
    def outputs(self) -> int:
        """Size of the model's last axis."""
        return self.train.y.shape[-1] if self.classes is None else self.classes

    @property
    def chance_score(self) -> float:
        """The test metric of the constant that predicts best on the training targets."""
        import numpy as np

        if self.classes is None:
            return float(np.mean((self.test.y - self.train.y.mean(axis=0)) ** 2))
        train, test = (split.y[..., self.score_from :] if split.y.ndim > 1 else split.y for split in (self.train, self.test))
        return float(np.mean(test == np.bincount(train.reshape(-1)).argmax()))

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
