"""Rows of numbers, or of text, without names: a two-dimensional array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SampleError
from ..json_values import Json, plain
from .sample import EdgeKind, Feeds, GraphInput, Sample

COLUMNS_TRIED = 20
"""Columns that get an edge row of their own; more say nothing new."""


class Matrix:
    """`[rows, columns]`, numbers or text."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array

    @classmethod
    def read(cls, value: Any) -> Matrix:
        """Of an array or a list of lists. @raises SampleError."""
        array = np.asarray(value)
        if array.ndim == 1 and array.dtype.kind in "fiub":
            way_out = "Give a list of rows: sample=X[:100], not sample=X[0]."
            raise SampleError("the sample is one row, not a list of rows.", way_out)
        if array.ndim != 2 or array.size == 0:
            raise SampleError(
                f"the sample has the shape {list(array.shape)}.",
                "Give rows and columns, at least one row: sample=X[:100].",
            )
        if array.dtype.kind == "O":
            array = _unmixed(array)
        if array.dtype.kind not in "fiubOUS":
            raise SampleError(f"the sample holds {array.dtype}.", "Give numbers or text.")
        return cls(array)

    def __len__(self) -> int:
        return len(self.array)

    @property
    def is_text(self) -> bool:
        """Whether the cells are text."""
        return self.array.dtype.kind in "OUS"

    @property
    def native(self) -> NDArray[Any]:
        """The array as it was given."""
        return self.array

    @property
    def feature_names(self) -> list[str]:
        """None."""
        return []

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> Matrix:
        """These rows."""
        return Matrix(self.array[np.asarray(rows)])

    def feeds(self, inputs: Sequence[GraphInput]) -> Feeds:
        """The one input."""
        (only,) = inputs
        return {only.name: self.array.astype(only.dtype)}

    def instances(self, inputs: Sequence[GraphInput]) -> list[Json]:
        """Lists of cells."""
        return [plain(row) for row in self.feeds(inputs)[inputs[0].name]]

    def has_missing(self) -> NDArray[np.bool_]:
        """NaN in a row."""
        return np.isnan(self.array).any(axis=1) if self.array.dtype.kind == "f" else np.zeros(len(self), bool)

    def edges(self) -> dict[EdgeKind, Sample]:
        """Missing values and ends of the range; for text, what nobody has seen."""
        if self.is_text:
            rows = np.repeat(self.array[:1].astype(object), min(COLUMNS_TRIED, self.array.shape[1]), axis=0)
            for column in range(len(rows)):
                rows[column, column] = "never seen before"
            return {"unseen": Matrix(rows)}
        numbers = self.array.astype(np.float64)
        low, high = np.nanmin(numbers, axis=0), np.nanmax(numbers, axis=0)
        span = high - low
        found: dict[EdgeKind, Sample] = {"extremes": self._like(np.stack([low, high, np.clip(0, low, high)]))}
        if self.array.dtype.kind == "f":
            found["beyond"] = self._like(np.stack([low - span, high + span]))
            found["missing"] = Matrix(_with_missing(self.array))
        return found

    def between(self, other: Sample, share: NDArray[np.float64]) -> Matrix | None:
        """Each cell on its way."""
        if self.array.dtype.kind != "f" or not isinstance(other, Matrix):
            return None
        a, b = self.array.astype(np.float64), other.array.astype(np.float64)
        return self._like(a + (b - a) * share[:, None])

    def _like(self, rows: NDArray[np.float64]) -> Matrix:
        # Values that float32 holds exactly: requests carry no others.
        exact = rows.astype(np.float32) if self.array.dtype.kind == "f" else np.rint(rows)
        return Matrix(exact.astype(self.array.dtype))


def _with_missing(array: NDArray[Any]) -> NDArray[Any]:
    complete = array[~np.isnan(array).any(axis=1)]
    first = complete[:1] if len(complete) else array[:1]
    rows = np.repeat(first, min(COLUMNS_TRIED, array.shape[1]) + 1, axis=0)
    for column in range(len(rows) - 1):
        rows[column, column] = np.nan
    rows[-1] = np.nan
    return rows


def _unmixed(array: NDArray[Any]) -> NDArray[Any]:
    if all(isinstance(cell, str) for cell in array.flat):
        return array
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise SampleError(
            "the sample mixes text and numbers in one array.",
            "Give a pandas DataFrame, so that each column has a type of its own.",
        ) from error
