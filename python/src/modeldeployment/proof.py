"""Does the converted model answer as the original does? Asked on the sample, and on rows made up to find out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .answers import Answers, Layout, differences
from .frameworks.exporter import Exporter
from .samples.sample import EdgeKind, Sample
from .session import ServedModel, first_line

CheckKind = Literal["sample", "one row at a time"] | EdgeKind

MUST_MATCH: frozenset[CheckKind] = frozenset({"sample", "one row at a time", "extremes", "unseen"})
"""Rows that occur. Missing values count when the sample has some; what lies beyond or between is reported only."""

ALONE = 3
"""Rows that are also asked one by one."""
PAIRS = 8
BISECTIONS = 24
"""After these, two rows of different classes are 6e-8 of their distance apart: as near as float32 gets."""


@dataclass(frozen=True)
class Check:
    """Rows of one kind, and how they compare."""

    kind: CheckKind
    rows: int
    must_match: bool
    differing: int = 0
    largest_difference: float = 0.0
    """Over the rows; infinite where a label differs."""
    original_error: str | None = None
    """The original refuses such rows."""
    served_error: str | None = None
    """The converted model refuses them."""

    @property
    def agrees(self) -> bool:
        """Both give the same, or both refuse."""
        if self.original_error is not None or self.served_error is not None:
            return self.original_error is not None and self.served_error is not None
        return self.differing == 0


@dataclass(frozen=True)
class Proof:
    """All checks of one converted model."""

    checks: tuple[Check, ...]
    row_differences: NDArray[np.float64]
    """Of the sample's rows."""
    original: Answers
    """On the sample."""

    @property
    def holds(self) -> bool:
        """Whether everything that must match does."""
        return all(check.agrees or not check.must_match or check.original_error is not None for check in self.checks)

    @property
    def largest_difference(self) -> float:
        """Of the checks that must match."""
        return max((check.largest_difference for check in self.checks if check.must_match), default=0.0)


def prove(exporter: Exporter, served: ServedModel, layout: Layout, sample: Sample, tolerance: float) -> Proof:
    """Asks both. Raises what the original raises on the sample itself, or what onnxruntime raises there."""
    original = exporter.ask(sample)
    row_differences = differences(layout, original, served.ask(sample), tolerance)
    judge = _Judge(exporter, served, layout, tolerance)
    alone = [
        judge.compare("one row at a time", sample.take([row]), must_match=True)
        for row in range(min(ALONE, len(sample)))
    ]
    checks = [_summary("sample", row_differences, tolerance, must_match=True), _joined(alone)]
    edges = dict(sample.edges())
    ties = _rows_between(exporter, sample, original)
    if ties is not None:
        edges["ties"] = ties
    must_match = MUST_MATCH | ({"missing"} if sample.has_missing().any() else frozenset())
    checks += [judge.compare(kind, rows, must_match=kind in must_match) for kind, rows in edges.items()]
    return Proof(tuple(checks), row_differences, original)


@dataclass(frozen=True)
class _Judge:
    exporter: Exporter
    served: ServedModel
    layout: Layout
    tolerance: float

    def compare(self, kind: CheckKind, rows: Sample, *, must_match: bool) -> Check:
        original_error = served_error = None
        try:
            original = self.exporter.ask(rows)
        except Exception as error:
            original_error = first_line(error)
        try:
            served = self.served.ask(rows)
        except Exception as error:
            served_error = first_line(error)
        if original_error is not None or served_error is not None:
            return Check(kind, len(rows), must_match, original_error=original_error, served_error=served_error)
        return _summary(
            kind, differences(self.layout, original, served, self.tolerance), self.tolerance, must_match=must_match
        )


def _summary(kind: CheckKind, apart: NDArray[np.float64], tolerance: float, *, must_match: bool) -> Check:
    return Check(kind, len(apart), must_match, int((apart > tolerance).sum()), float(apart.max(initial=0.0)))


def _joined(checks: list[Check]) -> Check:
    first = checks[0]
    errors = [check.served_error for check in checks if check.served_error is not None]
    largest = max(check.largest_difference for check in checks)
    return Check(
        first.kind,
        len(checks),
        first.must_match,
        sum(check.differing for check in checks),
        largest,
        served_error=errors[0] if errors else None,
    )


def _rows_between(exporter: Exporter, sample: Sample, original: Answers) -> Sample | None:
    """Pairs of rows on both sides of where the original changes its mind."""
    if not original.labels:
        return None
    labels = np.array([str(label) for label in original.labels[0]])
    complete = ~sample.has_missing()
    others = [
        (a, b)
        for a, b in zip(np.flatnonzero(complete)[:-1], np.flatnonzero(complete)[1:], strict=True)
        if labels[a] != labels[b]
    ]
    if not others:
        return None
    pairs = others[:: max(1, len(others) // PAIRS)][:PAIRS]
    first, second = sample.take([a for a, _ in pairs]), sample.take([b for _, b in pairs])
    low, high = np.zeros(len(pairs)), np.ones(len(pairs))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        rows = first.between(second, middle)
        if rows is None:
            return None
        try:
            found = np.array([str(label) for label in exporter.ask(rows).labels[0]])
        except Exception:  # the original does not take what lies between
            return None
        is_first = found == labels[[a for a, _ in pairs]]
        low, high = np.where(is_first, middle, low), np.where(is_first, high, middle)
    return first.between(second, high)
