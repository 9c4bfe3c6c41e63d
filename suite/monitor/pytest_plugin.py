"""For pytest: the fixture `trainable`, which is `suite.assert_trainable`."""

from __future__ import annotations

from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def trainable() -> Callable[..., None]:
    """Asserts that a model trains: `trainable(model, x[:64], y[:64])`."""
    from suite.monitor.trainable import assert_trainable

    return assert_trainable
