"""What a spec may vary becomes a column of the tables, so its names and theirs must not meet."""

from __future__ import annotations

from suite.models import MODELS
from suite.protocol.columns import TABLES, factor_column
from suite.tasks import TASKS


def test_no_factor_and_no_argument_of_a_task_is_named_like_a_column() -> None:
    columns = {"benchmark", "cell", *(column for table in TABLES.values() for column in table)}
    for entry in (*MODELS.values(), *TASKS.values()):
        assert not columns & {factor_column(parameter.name) for parameter in entry.parameters}, entry.name
