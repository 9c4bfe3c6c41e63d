"""Two saved views of MLflow's pages, as its page of an experiment keeps them: a ranking, and what gradients did.

MLflow 3.17 reads each from the experiment's tag `mlflow.sharedViewState.<key>`, where
`.../#/experiments/<id>/runs?viewStateShareKey=<key>` is opened.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

RANKING, GRADIENTS = "ranking", "gradients"
_TAG = "mlflow.sharedViewState."


def view_tags(metric: str, factors: Sequence[str], *, higher_is_better: bool) -> dict[str, str]:
    """The tags of an experiment that hold its views.

    Args:
        metric: The task's metric.
        factors: Names of the grid's factors.
        higher_is_better: Which way the metric is ranked.
    """
    score = f"test_{metric}"
    columns = [
        *(f"metrics.`{name}`" for name in (score, "success_rate", "gradient_ratio")),
        *(f"params.`{name}`" for name in (*factors, "learning_rate")),
        *(f"tags.`{name}`" for name in ("outcome", "cause")),
        *(f"metrics.`{name}`" for name in ("gradient_factor", f"{score}_low", f"{score}_high")),
    ]
    state = {
        "orderByKey": f"metrics.`{score}`",
        "orderByAsc": not higher_is_better,
        "selectedColumns": columns,
        "columnOrder": ["attributes.`Run Name`", *columns],
        "runsHiddenMode": "SHOW_ALL",
    }
    sections = [
        _section("compare", "Gradient against score"),
        _section("series", "Over training, first run of each recipe"),
    ]
    series = [f"{name}/replicate_0" for name in ("gradient_ratio", "loss", f"validation_{metric}")]
    charts = [
        _chart("scatter", "SCATTER", "compare", xaxis=_axis("gradient_ratio"), yaxis=_axis(score)),
        *(_chart(name, "LINE", "series", metricKey=name, selectedMetricKeys=[name]) for name in series),
    ]
    pictured = {**state, "compareRunCharts": charts, "compareRunSections": sections, "isAccordionReordered": True}
    return {_TAG + RANKING: json.dumps(state), _TAG + GRADIENTS: json.dumps(pictured)}


def addresses(pages: str, experiment_id: str) -> dict[str, str]:
    """Where the views open, by name.

    Args:
        pages: Address of MLflow's pages.
        experiment_id: The experiment.
    """
    runs = f"{pages}/#/experiments/{experiment_id}/runs?viewStateShareKey="
    return {RANKING: runs + RANKING, GRADIENTS: f"{runs}{GRADIENTS}&compareRunsMode=CHART"}


def _axis(metric: str) -> dict[str, str]:
    return {"key": metric, "type": "METRIC"}


def _section(key: str, name: str) -> dict[str, Any]:
    return {"uuid": key, "name": name, "display": True, "isReordered": True, "deleted": False, "isGenerated": False}


def _chart(key: str, kind: str, section: str, **rest: Any) -> dict[str, Any]:
    return {
        "uuid": key, "type": kind, "metricSectionId": section, "deleted": False, "isGenerated": False,
        "runsCountToCompare": 100, **rest,
    }  # fmt: skip
