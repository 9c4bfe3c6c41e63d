"""The audit of a benchmark's tuning as a table for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from suite.protocol.labels import label_text
from suite.protocol.records import Outcome
from suite.protocol.written import difference

if TYPE_CHECKING:
    from suite.protocol.audit import Audited
    from suite.run.gather import Results


def audit_table(results: Results, audit: Sequence[Audited]) -> Table:
    """A row for every audited cell: its rate and the audit's, what each scores, and how many runs trained."""
    facts = results.records[0].task_facts
    sign = 1 if facts["higher_is_better"] else -1
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", title=None)
    table.add_column("cell", ratio=1, no_wrap=True, overflow="ellipsis")
    for heading in ("rate", "audit's", "test", "audit's", "gain", "ok"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in sorted(audit, key=lambda one: -sign * _gain(one)):
        rows = one.rows()
        scores = [float(np.mean([row[name] for row in rows])) for name in ("test_score", "audited_test_score")]
        trained = [sum(row[name] == Outcome.TRAINED for row in rows) for name in ("outcome", "audited_outcome")]
        table.add_row(
            " ".join(label_text(label) for label in one.own.cell.factors.values()),
            f"{one.own.learning_rate:.2g}",
            f"{one.audited.learning_rate:.2g}",
            *(f"{score:.3f}" for score in scores),
            difference(sign * (scores[1] - scores[0])),
            f"{trained[0]}>{trained[1]}/{len(rows)}",
        )
    return table


def _gain(one: Audited) -> float:
    return float(np.mean([row["audited_test_score"] - row["test_score"] for row in one.rows()]))
