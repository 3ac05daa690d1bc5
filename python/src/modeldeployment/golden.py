"""golden.json: rows and the answers that the runtime must give before it serves the model."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .answers import Answers, Layout, differences, margins, predictions
from .frameworks.exporter import Exporter
from .json_values import Json
from .proof import Proof
from .samples.sample import Sample
from .session import ServedModel

ROWS = 8
MAX_BYTES = 4 * 1024 * 1024
"""The runtime reads no more than 16 MiB, and at every start."""
CLEAR_MARGIN = 1e-3
"""Labels of rows that are nearer to another class may differ from machine to machine."""


@dataclass(frozen=True)
class Golden:
    """The text of the file; None when there is no row to put into it."""

    text: str | None
    rows: int


def make_golden(
    exporter: Exporter, served: ServedModel, layout: Layout, sample: Sample, proof: Proof, tolerance: float
) -> Golden:
    """Rows of every class that are far from a tie, one with a missing value and one with an unknown category where both agree."""
    clear = np.isfinite(proof.row_differences) & (proof.row_differences <= tolerance / 2)
    clear &= margins(layout, proof.original) > max(CLEAR_MARGIN, 10 * tolerance)
    missing = sample.has_missing()
    chosen = _dealt(np.flatnonzero(clear & ~missing), proof.original) + list(np.flatnonzero(clear & missing)[:1])
    parts = [sample.take(chosen)] if chosen else []
    unseen = sample.edges().get("unseen")
    if unseen is not None and _agree(exporter, served, layout, unseen.take([0]), tolerance):
        parts.append(unseen.take([0]))
    instances: list[Json] = []
    answers: list[Json] = []
    used = 0
    for part in parts:
        for instance, answer in zip(
            part.instances(served.inputs), predictions(layout, exporter.ask(part)), strict=True
        ):
            used += len(json.dumps(instance))
            if used <= MAX_BYTES:
                instances.append(instance)
                answers.append(answer)
    if not instances:
        return Golden(None, 0)
    text = json.dumps({"instances": instances, "predictions": answers, "tolerance": tolerance}, ensure_ascii=False)
    return Golden(text + "\n", len(instances))


def _agree(exporter: Exporter, served: ServedModel, layout: Layout, rows: Sample, tolerance: float) -> bool:
    try:
        original, found = exporter.ask(rows), served.ask(rows)
    except Exception:  # one of the two refuses such rows
        return False
    is_clear = bool((margins(layout, original) > max(CLEAR_MARGIN, 10 * tolerance)).all())
    return is_clear and bool((differences(layout, original, found, tolerance) <= tolerance / 2).all())


def _dealt(rows: NDArray[np.intp], original: Answers) -> list[int]:
    """At most ROWS of them, in turn from every class."""
    if not original.labels:
        return (
            [int(row) for row in rows[np.unique(np.linspace(0, len(rows) - 1, min(ROWS, len(rows))).astype(int))]]
            if len(rows)
            else []
        )
    piles: dict[str, list[int]] = {}
    for row in rows:
        piles.setdefault(str(original.labels[0][row]), []).append(int(row))
    chosen: list[int] = []
    while len(chosen) < ROWS and any(piles.values()):
        chosen += [pile.pop(0) for pile in piles.values() if pile][: ROWS - len(chosen)]
    return chosen
