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
        higher_is_better: Rank the metric in descending order.
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
    series = ("gradient_ratio", "loss", f"validation_{metric}")
    charts = [
        _chart("scatter", "SCATTER", "compare", xaxis=_axis("gradient_ratio"), yaxis=_axis(score)),
        *(_line(f"{name}/replicate_0", log=name == "loss") for name in series),
    ]
    sections = [
        _section("compare", "Gradient ratio against score", columns=2, cardHeight=460),
        _section("series", "Over training, first run of each recipe"),
        *(_section(name, name, display=False) for name in (*series, "Model metrics")),  # MLflow's own, of all else
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


def _section(key: str, name: str, **rest: Any) -> dict[str, Any]:
    kind = {"display": True, "isReordered": True, "deleted": False, "isGenerated": False}
    return {"uuid": key, "name": name, **kind, **rest}


def _line(metric: str, *, log: bool) -> dict[str, Any]:
    kept = {"scaleType": "log" if log else "linear", "lineSmoothness": 0, "useGlobalLineSmoothing": False}
    return _chart(metric, "LINE", "series", metricKey=metric, selectedMetricKeys=[metric], **kept)


def _chart(key: str, kind: str, section: str, **rest: Any) -> dict[str, Any]:
    shown = {"metricSectionId": section, "runsCountToCompare": 100, "deleted": False, "isGenerated": False}
    return {"uuid": key, "type": kind, **shown, **rest}
