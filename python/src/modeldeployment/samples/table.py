"""A DataFrame: named columns, each with a type of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import SampleError
from ..json_values import Json, plain
from .matrix import COLUMNS_TRIED
from .sample import EdgeKind, Feeds, GraphInput, Sample

ColumnKind = Literal["float", "integer", "text"]


class Table:
    """Rows of a DataFrame. Booleans count as integers, categories as text."""

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.kinds: dict[str, ColumnKind] = {name: _kind_of(name, frame[name]) for name in frame.columns}

    @classmethod
    def read(cls, frame: Any) -> tuple[Table, list[str]]:
        """
        Rows with missing text are left out, since no request can carry them.

        @returns the table, and what should be said about it
        @raises SampleError
        """
        if len(frame) == 0 or len(frame.columns) == 0:
            raise SampleError("the sample has no rows.", "Give some rows of the training data: sample=X.head(100).")
        names = [str(name) for name in frame.columns]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SampleError(f"the column {twice[0]!r} comes twice.", "Give each column a name of its own.")
        table = cls(frame.set_axis(names, axis=1).reset_index(drop=True))
        text = [name for name, kind in table.kinds.items() if kind == "text"]
        missing = table.frame[text].isna()
        if not missing.to_numpy().any():
            return table, []
        columns = ", ".join(repr(name) for name in text if missing[name].any())
        note = f"rows with missing text ({columns}) cannot be sent in a request and were not compared: send a word of your own for it, such as ''"
        kept = np.flatnonzero(~missing.any(axis=1).to_numpy())
        if len(kept) == 0:
            raise SampleError(
                f"every row of the sample has missing text ({columns}).",
                "Fill it with a word: sample.fillna({...: ''}).",
            )
        return table.take(kept), [note]

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def native(self) -> Any:
        """The DataFrame."""
        return self.frame

    @property
    def feature_names(self) -> list[str]:
        """Of the columns."""
        return list(self.kinds)

    @property
    def is_numeric(self) -> bool:
        """Whether no column is text."""
        return "text" not in self.kinds.values()

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> Table:
        """These rows, numbered anew."""
        return Table(self.frame.iloc[np.asarray(rows)].reset_index(drop=True))

    def feeds(self, inputs: Sequence[GraphInput]) -> Feeds:
        """An input `[N, 1]` for each column, in the order of the columns."""
        columns = zip(inputs, self.kinds.items(), strict=True)
        return {
            given.name: _column(self.frame[name], kind, given.dtype).reshape(-1, 1) for given, (name, kind) in columns
        }

    def instances(self, inputs: Sequence[GraphInput]) -> list[Json]:
        """Objects by the names that the user knows."""
        feeds = self.feeds(inputs)
        columns = [plain(feeds[given.name][:, 0]) for given in inputs]
        return [dict(zip(self.kinds, row, strict=True)) for row in zip(*columns, strict=True)]

    def has_missing(self) -> NDArray[np.bool_]:
        """Of any column."""
        found: NDArray[np.bool_] = self.frame.isna().any(axis=1).to_numpy()
        return found

    def edges(self) -> dict[EdgeKind, Sample]:
        """Missing numbers, categories nobody has seen, ends of the ranges."""
        numbers = {name: self.frame[name] for name, kind in self.kinds.items() if kind != "text"}
        floats = [name for name, kind in self.kinds.items() if kind == "float"]
        words = [name for name, kind in self.kinds.items() if kind == "text"]
        found: dict[EdgeKind, Sample] = {}
        if numbers:
            low, high = ({name: getattr(column, end)() for name, column in numbers.items()} for end in ("min", "max"))
            found["extremes"] = self._changed([low, high])
        if floats:
            far = [{n: 2 * low[n] - high[n] for n in floats}, {n: 2 * high[n] - low[n] for n in floats}]
            found["beyond"] = self._changed(far)
            each = [{name: np.nan} for name in floats[:COLUMNS_TRIED]]
            found["missing"] = self._changed([*each, dict.fromkeys(floats, np.nan)])
        if words:
            found["unseen"] = self._changed([{name: "never seen before"} for name in words[:COLUMNS_TRIED]])
        return found

    def between(self, other: Sample, share: NDArray[np.float64]) -> Table | None:
        """The columns of floats on their way, the others as they are."""
        floats = [name for name, kind in self.kinds.items() if kind == "float"]
        if not floats or not isinstance(other, Table):
            return None
        frame = self.frame.copy()
        for name in floats:
            a, b = (_column(table.frame[name], "float", np.dtype(np.float64)) for table in (self, other))
            frame[name] = (a + (b - a) * share).astype(np.float32).astype(frame[name].dtype)
        return Table(frame)

    def _changed(self, changes: list[dict[str, Any]]) -> Table:
        """A complete row, once for each entry, with these cells changed."""
        complete = np.flatnonzero(~self.has_missing())
        frame = self.frame.iloc[np.full(len(changes), complete[0] if len(complete) else 0)].reset_index(drop=True)
        for name in {name for change in changes for name in change}:
            values = frame[name].tolist()
            for row, change in enumerate(changes):
                values[row] = change.get(name, values[row])
            if self.kinds[name] == "float":
                values = [np.float32(value) for value in values]
            kept = object if self.kinds[name] == "text" else self.frame[name].dtype
            frame[name] = type(frame[name])(values, dtype=kept, name=name)
        return Table(frame)


def _kind_of(name: str, column: Any) -> ColumnKind:
    kind = getattr(column.dtype, "kind", "O")
    if kind == "f":
        return "float"
    if kind in "iub":
        return "float" if column.isna().any() else "integer"
    if kind in "mM":
        raise SampleError(
            f"the column {name!r} holds dates.", "Turn it into numbers (year, month, days since ...) before the model."
        )
    present = column.dropna()
    if len(present) and not all(isinstance(value, str) for value in present):
        found = type(next(value for value in present if not isinstance(value, str))).__name__
        raise SampleError(
            f"the column {name!r} holds values of the type {found} beside or instead of text.",
            "Give each column one type: numbers, booleans or text.",
        )
    return "text"


def _column(column: Any, kind: ColumnKind, dtype: np.dtype[Any]) -> NDArray[Any]:
    if kind == "text":
        return np.array([str(value) for value in column], dtype=object)
    if kind == "float":
        numbers: NDArray[Any] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers.astype(dtype)
    found: NDArray[Any] = column.to_numpy().astype(dtype)
    return found
