"""The project's probes for anyone's Keras model: a callback for `fit`, and one look without training."""

from __future__ import annotations

from suite.monitor.callback import Finding, GradientMonitor, GradientWarning
from suite.monitor.inputs import MonitorError
from suite.monitor.probing import Probe, probe

__all__ = ["Finding", "GradientMonitor", "GradientWarning", "MonitorError", "Probe", "probe"]
