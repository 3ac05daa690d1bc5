"""A list of texts, as a vectorizer takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..json_values import Json
from .sample import EdgeKind, Feeds, GraphInput, Sample


class Texts:
    """One text per row."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def native(self) -> list[str]:
        """A plain list."""
        return self.texts

    @property
    def feature_names(self) -> list[str]:
        """None."""
        return []

    def take(self, rows: Sequence[int] | NDArray[np.intp]) -> Texts:
        """These texts."""
        return Texts([self.texts[row] for row in rows])

    def feeds(self, inputs: Sequence[GraphInput]) -> Feeds:
        """`[N, 1]` or `[N]`, as declared."""
        (only,) = inputs
        column = np.array(self.texts, dtype=object)
        return {only.name: column.reshape(-1, 1) if len(only.shape) == 2 else column}

    def instances(self, inputs: Sequence[GraphInput]) -> list[Json]:
        """Bare strings."""
        return list(self.texts)

    def has_missing(self) -> NDArray[np.bool_]:
        """Text is never missing."""
        return np.zeros(len(self), bool)

    def edges(self) -> dict[EdgeKind, Sample]:
        """Other case, no known words, nothing at all; and accents."""
        first = next((text for text in self.texts if text.strip()), "text")
        unseen = [first.upper(), "", "zzzz qqqq", f"  {first}\n!? {first}"]
        return {"unseen": Texts(unseen), "accents": Texts([f"{first} café", f"{first} naïve Größe", "日本語"])}

    def between(self, other: Any, share: NDArray[np.float64]) -> None:
        """There is nothing between two texts."""
