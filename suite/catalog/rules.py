"""What does not go together: combinations that a spec may not hold, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def conflicts(task: Mapping[str, Any], model: str, recipe: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The factors of a recipe that cannot work together.

    Args:
        task: `{"name": ..., **arguments}`.
        model: Name of the model family.
        recipe: Every factor with its canonical level.

    Returns:
        (factor, reason) for each conflict; empty where there is none.
    """
    found = []
    normalization = recipe.get("normalization", {"name": "none"})
    channels = recipe.get("width") or recipe.get("channels") or recipe.get("units")
    if normalization["name"] == "group" and channels and channels % normalization["groups"]:
        found.append(("normalization", f"groups {normalization['groups']} does not divide the {channels} units"))
    if normalization["name"] == "instance" and model != "cnn":
        found.append(("normalization", "instance normalization is over an image's positions, which only cnn has"))
    if normalization["name"] in ("spectral", "weight_standardization") and recipe.get("norm_position") == "after":
        found.append(("norm_position", f"{normalization['name']} normalization acts on weights and has no position"))
    depth, residual = recipe.get("depth"), recipe.get("residual", {"name": "none"})
    if residual["name"] == "skip" and depth and residual["every"] >= depth:
        found.append(("residual", f"a block of {residual['every']} layers does not fit behind the first of {depth}"))
    return found
