"""How the convolutions of a CNN are shared out among its stages. Imports nothing heavy."""

from __future__ import annotations


def stages(depth: int, count: int) -> list[list[int]]:
    """The numbers of the convolutions, from 1, of every stage: as equal as can be, longer ones first."""
    whole, longer = divmod(depth, count)
    sizes = [whole + (stage < longer) for stage in range(count)]
    return [list(range(1 + sum(sizes[:stage]), 1 + sum(sizes[: stage + 1]))) for stage in range(count)]


def blocks_of(depth: int, count: int, pooling: str) -> list[tuple[list[int], list[int]]]:
    """Of every stage, the convolutions that change the shape of their input, and those that leave it.

    The first convolution of all changes the channels; where stages begin with a stride, so does the first of each.
    """
    parts = []
    for stage, numbers in enumerate(stages(depth, count)):
        changing = 1 if stage == 0 or pooling == "stride" else 0
        parts.append((numbers[:changing], numbers[changing:]))
    return parts
