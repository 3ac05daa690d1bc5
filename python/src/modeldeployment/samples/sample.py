"""The rows that a model is proven on, in the three forms that are needed: the library's, the graph's, and that of HTTP requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..json_values import Json

EdgeKind = Literal["missing", "unseen", "extremes", "beyond", "accents", "ties"]
"""Rows that are made up: a missing value, a category or word nobody has seen, the ends of the sample's range, far beyond them, text with
letters beyond ASCII, rows between two classes."""

Feeds: TypeAlias = "dict[str, NDArray[Any]]"


@dataclass(frozen=True)
class GraphInput:
    """An input of an ONNX graph."""

    name: str
    dtype: np.dtype[Any]
    """`object` for text."""
    shape: tuple[int | None, ...]


class Sample(Protocol):
    """Rows of one form. Immutable."""

    def __len__(self) -> int: ...

    @property
    def native(self) -> Any:
        """What the library that trained the model takes."""

    @property
    def feature_names(self) -> list[str]:
        """Of the columns, as the user calls them; empty where they have no names."""

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> Sample:
        """These rows, in this order."""

    def feeds(self, inputs: Sequence[GraphInput]) -> Feeds:
        """What onnxruntime takes, in exactly the types of the graph."""

    def instances(self, inputs: Sequence[GraphInput]) -> list[Json]:
        """The rows of `{"instances": [...]}`."""

    def has_missing(self) -> NDArray[np.bool_]:
        """For each row whether a value is missing."""

    def edges(self) -> dict[EdgeKind, Sample]:
        """Made-up rows that are worth asking about, by kind."""

    def between(self, other: Sample, share: NDArray[np.float64]) -> Sample | None:
        """Rows that lie a share (0 to 1, one for each row) of the way to those of `other`; None where there are no numbers."""


def evenly(count: int, most: int) -> NDArray[np.intp]:
    """At most `most` of `count` positions, spread over all."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))


FIXED_TYPES = {
    "tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16", "tensor(bool)": "bool", "tensor(string)": "object",
    **{f"tensor({name})": name for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")},
}  # fmt: skip


def graph_input(name: str, onnx_type: str, shape: Sequence[Any]) -> GraphInput:
    """From what onnxruntime says about an input; dimensions that are names or unknown are None."""
    dtype = np.dtype(FIXED_TYPES[onnx_type])
    return GraphInput(name, dtype, tuple(size if isinstance(size, int) else None for size in shape))
