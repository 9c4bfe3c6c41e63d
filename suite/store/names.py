"""What cells are called in MLflow: names of experiments, tags and artifacts, for writer and reader alike."""

from __future__ import annotations

ARTIFACT = "record.npz"
"""The one artifact of a cell's run: all traces, and everything else as JSON bytes in the array `json`."""

BENCHMARK, KIND, FINGERPRINT, IDENTITY, SECONDS, COMPILE_SECONDS, ERROR = (
    "suite.benchmark", "suite.kind", "suite.fingerprint", "suite.identity", "suite.seconds", "suite.compile_seconds",
    "suite.error",
)  # fmt: skip
"""Tags of experiments and runs."""

PARENT = "mlflow.parentRunId"
"""MLflow's own tag of a run that is nested under another: a replicate's, under its cell."""


def experiment_name(benchmark: str, quick: bool) -> str:
    """Of a benchmark; its quick slice is kept apart."""
    return f"{benchmark} (quick)" if quick else benchmark
