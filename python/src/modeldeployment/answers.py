"""What a model says about rows, whoever computed it, and how far two such answers are apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .json_values import Json, plain, plain_label

Label = str | int
Task = Literal["classification", "regression", "raw"]
ScoreKind = Literal["probabilities", "scores", "none"]


@dataclass(frozen=True)
class Layout:
    """What the numbers of a model mean: the same for the original and for its ONNX file."""

    task: Task
    """`raw`: the outputs as they are, one entry of `Answers.values` each."""
    classes: tuple[tuple[Label, ...], ...] = ()
    """Class labels in column order, for each target. Empty without classes."""
    score_kind: ScoreKind = "none"
    one_decision_value: bool = False
    """Two classes and one number, which belongs to the second class (scikit-learn's `decision_function`)."""


@dataclass(frozen=True)
class Answers:
    """Answers for N rows."""

    labels: list[list[Label]] = field(default_factory=list)
    """For each target a label per row."""
    scores: list[NDArray[np.float64]] = field(default_factory=list)
    """For each target `[N, classes]`, or `[N, 1]` where there is one decision value."""
    values: dict[str, NDArray[Any]] = field(default_factory=dict)
    """By output name, `[N, ...]`."""


def labels_of(column: Any) -> list[Label]:
    """One label per row, of anything array-like."""
    return [plain_label(label) for label in np.asarray(column).reshape(-1)]


def from_scores(layout: Layout, table: NDArray[np.float64]) -> Answers:
    """Of a classifier of one target that gives numbers only: `[N, classes]`, or `[N, 1]` where one number tells two classes apart."""
    (classes,) = layout.classes
    if layout.one_decision_value:
        best = (table[:, 0] > 0).astype(int)
    else:
        table = np.concatenate([1 - table, table], axis=1) if table.shape[1] == 1 and len(classes) == 2 else table
        best = table.argmax(axis=1)
    return Answers(labels=[[classes[index] for index in best]], scores=[table])


def differences(layout: Layout, original: Answers, served: Answers, tolerance: float) -> NDArray[np.float64]:
    """
    How far each row is off: the largest `abs(a - b) / max(1, abs(a))` over its numbers; infinite where a label differs that is not tied with
    the other within `tolerance`, or where only one of the two is NaN.
    """
    rows = _row_count(original)
    worst = np.zeros(rows)
    for a, b in zip(original.scores, served.scores, strict=True):
        worst = np.maximum(worst, _number_differences(a, b))
    for name, value in original.values.items():
        worst = np.maximum(worst, _value_differences(value, served.values[name]))
    for target, labels in enumerate(original.labels):
        for row, (wanted, got) in enumerate(zip(labels, served.labels[target], strict=True)):
            if wanted != got and not _is_tied(layout, original, target, row, got, tolerance):
                worst[row] = np.inf
    return worst


def _row_count(answers: Answers) -> int:
    counts = [len(labels) for labels in answers.labels] + [
        len(array) for array in (*answers.scores, *answers.values.values())
    ]
    return counts[0] if counts else 0


def _value_differences(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    if a.dtype.kind not in "OUS":
        return _number_differences(a, b)
    equal = np.array([str(x) == str(y) for x, y in zip(a.reshape(-1), b.reshape(-1), strict=True)]).reshape(len(a), -1)
    return np.where(equal.all(axis=1), 0.0, np.inf)


def _number_differences(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    first = np.asarray(a, np.float64).reshape(len(a), -1)
    second = np.asarray(b, np.float64).reshape(len(b), -1)
    if first.shape != second.shape:
        return np.full(len(a), np.inf)
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(first - second) / np.maximum(1.0, np.abs(first))
    same = (first == second) | (np.isnan(first) & np.isnan(second))
    apart = np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
    return np.asarray(apart.max(axis=1, initial=0.0))


def _is_tied(layout: Layout, original: Answers, target: int, row: int, label: Label, tolerance: float) -> bool:
    """Two classes whose numbers are equal but for rounding: either label is right."""
    if not original.scores:
        return False
    scores = original.scores[target][row]
    if layout.one_decision_value:
        return bool(abs(scores[0]) <= tolerance)
    classes = layout.classes[target]
    return label in classes and bool(scores.max() - scores[classes.index(label)] <= tolerance)


def margins(layout: Layout, answers: Answers) -> NDArray[np.float64]:
    """How far each row is from another label; infinite without classes or numbers."""
    found = np.full(_row_count(answers), np.inf)
    for scores in answers.scores:
        if layout.one_decision_value:
            found = np.minimum(found, np.abs(scores[:, 0]))
        elif scores.shape[1] > 1:
            top = np.sort(scores, axis=1)
            found = np.minimum(found, top[:, -1] - top[:, -2])
    return found


def predictions(layout: Layout, answers: Answers) -> list[Json]:
    """The answers in the form of the HTTP API, 9 significant digits (a float32 needs no more)."""
    count = _row_count(answers)
    if layout.task == "classification":
        return [_classification(layout, answers, row) for row in range(count)]
    if len(answers.values) == 1:
        (values,) = answers.values.values()
        return [_rounded(values[row]) for row in range(count)]
    return [{name: _rounded(value[row]) for name, value in answers.values.items()} for row in range(count)]


def _classification(layout: Layout, answers: Answers, row: int) -> Json:
    labels: list[Json] = [column[row] for column in answers.labels]
    several = len(layout.classes) > 1
    answer: dict[str, Json] = {"label": labels if several else labels[0]}
    if answers.scores and layout.score_kind != "none":
        named: list[Json] = [_named(layout, target, scores[row]) for target, scores in enumerate(answers.scores)]
        answer[layout.score_kind] = named if several else named[0]
    return answer


def _named(layout: Layout, target: int, scores: NDArray[np.float64]) -> Json:
    classes = layout.classes[target]
    keys = classes[1:] if layout.one_decision_value else classes
    return {str(key): _rounded(score) for key, score in zip(keys, scores, strict=True)}


def _rounded(value: Any) -> Json:
    if isinstance(value, np.ndarray) and value.shape == (1,):
        value = value[0]
    found = plain(value)
    if isinstance(found, list):
        return [_rounded(entry) for entry in value]
    return float(f"{found:.9g}") if isinstance(found, float) else found
