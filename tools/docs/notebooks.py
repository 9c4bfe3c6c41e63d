"""Runs the notebooks of docs/ and stores their outputs: `python -m tools.docs.notebooks`."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
SECONDS = 300
"""Longest time that a cell may take."""
_LOG = re.compile(r"WARNING: All log messages before absl|[IWE]0000 ")
"""What TensorFlow writes as it is imported."""


def executed(file: Path) -> Any:
    """A notebook with the outputs of all its cells, run by a new kernel.

    Raises:
        CellExecutionError: A cell raises.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(file, as_version=4)
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    beside = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # the `suite` of cells is the one of this environment
    environment = {**os.environ, **quiet, "PATH": beside, "COLUMNS": "80", "SUITE_RECORDS": "records"}
    environment.pop("MLFLOW_TRACKING_URI", None)
    client = NotebookClient(notebook, timeout=SECONDS, record_timing=False, coalesce_streams=True)
    client.execute(env=environment)
    for cell in notebook.cells:
        cell.metadata.clear()
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if not _LOG.match(output.get("text", ""))]
    return notebook


def main() -> None:
    """Stores the outputs."""
    import nbformat

    for file in sorted(FOLDER.glob("*.ipynb")):
        before = os.times()
        nbformat.write(executed(file), file)
        after = os.times()
        print(f"{file.name}: {after.children_user - before.children_user:.0f} s of processor time")


if __name__ == "__main__":
    main()
