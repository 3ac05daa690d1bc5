"""Tensors with a batch axis, as networks take them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SampleError
from ..json_values import Json, plain
from .sample import EdgeKind, Feeds, GraphInput, Sample


class Tensors:
    """One array per argument of `forward`; axis 0 is rows."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.arrays = dict(arrays)

    @classmethod
    def read(cls, arrays: Mapping[str, NDArray[Any]]) -> Tensors:
        """@raises SampleError when they have no rows, or not equally many."""
        shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in arrays.items())
        counts = {array.shape[0] if array.ndim else 0 for array in arrays.values()}
        if len(counts) != 1 or counts == {0}:
            raise SampleError(
                f"the first axis of every input must be the rows; the sample has {shapes}.",
                "Stack some examples: torch.stack([...]).",
            )
        return cls(arrays)

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    @property
    def native(self) -> dict[str, NDArray[Any]]:
        """By the names of the arguments."""
        return self.arrays

    @property
    def feature_names(self) -> list[str]:
        """None."""
        return []

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> Tensors:
        """These rows."""
        return Tensors({name: array[np.asarray(rows)] for name, array in self.arrays.items()})

    def feeds(self, inputs: Sequence[GraphInput]) -> Feeds:
        """Inputs that the graph kept; an argument that the network does not use is none."""
        return {given.name: self.arrays[given.name].astype(given.dtype) for given in inputs}

    def instances(self, inputs: Sequence[GraphInput]) -> list[Json]:
        """Bare rows for one input, objects for several."""
        feeds = self.feeds(inputs)
        if len(inputs) == 1:
            return [plain(row) for row in feeds[inputs[0].name]]
        return [{name: plain(array[row]) for name, array in feeds.items()} for row in range(len(self))]

    def has_missing(self) -> NDArray[np.bool_]:
        """NaN anywhere in a row."""
        found = np.zeros(len(self), bool)
        for array in self.arrays.values():
            if array.dtype.kind == "f":
                found |= np.isnan(array.reshape(len(array), -1)).any(axis=1)
        return found

    def edges(self) -> dict[EdgeKind, Sample]:
        """All at the smallest, all at the largest value, zeros where they lie between."""
        ends = {name: (array.min(), array.max()) for name, array in self.arrays.items()}

        def filled(pick: int) -> Tensors:
            return Tensors({name: np.full_like(array[:1], ends[name][pick]) for name, array in self.arrays.items()})

        low, high = filled(0), filled(1)
        rows = {name: np.concatenate([low.arrays[name], high.arrays[name]]) for name in self.arrays}
        return {"extremes": Tensors(rows)}

    def between(self, other: Sample, share: NDArray[np.float64]) -> Tensors | None:
        """Every number on its way."""
        if not isinstance(other, Tensors) or any(array.dtype.kind != "f" for array in self.arrays.values()):
            return None
        mixed: dict[str, NDArray[Any]] = {}
        for name, array in self.arrays.items():
            weight = share.reshape(-1, *[1] * (array.ndim - 1))
            mixed[name] = (array + (other.arrays[name] - array) * weight).astype(array.dtype)
        return Tensors(mixed)
