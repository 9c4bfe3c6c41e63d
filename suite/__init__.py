"""A benchmark suite for how well deep networks train, and its probes for anyone's Keras model.

monitor = suite.GradientMonitor(x_train[:128], y_train[:128])   # a callback for `model.fit`
suite.probe(model, x_train[:128], y_train[:128])                # one look, no training
suite.check_model(model, x_train[:128], y_train[:128])          # first checks, before any gradient
suite.assert_trainable(model, x_train[:128], y_train[:128])     # the same as a test
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from suite.monitor import GradientMonitor, MonitorError, assert_trainable, check_model, probe

__all__ = ["GradientMonitor", "MonitorError", "assert_trainable", "check_model", "probe"]


def __getattr__(name: str) -> Any:
    """Loads what needs Keras when it is asked for, so that `import suite` is instant."""
    if name in __all__:
        from suite import monitor

        return getattr(monitor, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
