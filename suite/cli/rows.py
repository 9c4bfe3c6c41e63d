"""Rows as JSON or CSV, for other programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence


def as_json(rows: Sequence[Mapping[str, object]]) -> str:
    """A list of objects; unknown values are null."""
    return json.dumps(rows, indent=2, allow_nan=False) + "\n"


def as_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """A table with the columns of all rows; unknown values are empty."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
