"""The sample that a user gives, made uniform."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import SampleError
from .matrix import Matrix
from .sample import Sample
from .table import Table
from .texts import Texts

__all__ = ["is_frame", "read_rows"]


def is_frame(value: Any) -> bool:
    """Whether it is a pandas DataFrame, without importing pandas."""
    return type(value).__name__ == "DataFrame" and hasattr(value, "columns")


def read_rows(value: Any) -> tuple[Sample, list[str]]:
    """
    Rows for a model that is no network: a DataFrame, a two-dimensional array, or a list of texts.

    @returns them, and what should be said about them
    @raises SampleError
    """
    if is_frame(value):
        return Table.read(value)
    if hasattr(value, "toarray"):
        raise SampleError("the sample is a sparse matrix.", "Give it dense: sample.toarray().")
    plain = value.tolist() if hasattr(value, "tolist") else list(value)
    if plain and all(isinstance(entry, str) for entry in plain):
        return Texts(plain), []
    return Matrix.read(np.asarray(value)), []
