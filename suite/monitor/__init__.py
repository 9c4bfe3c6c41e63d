"""The project's probes for anyone's Keras model: a callback for `fit`, one look without training, and first checks."""

from __future__ import annotations

from suite.monitor.batches import MonitorError
from suite.monitor.callback import Finding, GradientMonitor, GradientWarning
from suite.monitor.checks import Check, ModelCheck, check_model
from suite.monitor.diagnosis import Fault
from suite.monitor.probing import Probe, probe
from suite.monitor.trainable import NotTrainable, assert_trainable

__all__ = [
    "Check",
    "Fault",
    "Finding",
    "GradientMonitor",
    "GradientWarning",
    "ModelCheck",
    "MonitorError",
    "NotTrainable",
    "Probe",
    "assert_trainable",
    "check_model",
    "probe",
]
