"""Small data, made or shipped with scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris


def iris() -> tuple[Any, Any, Any]:
    """float64 rows, classes 0 to 2, names."""
    data = load_iris()
    return data.data, data.target, data.target_names


def two_classes() -> tuple[Any, Any]:
    X, y, names = iris()
    return X[50:], names[y[50:]]


def passengers(count: int = 300) -> tuple[pd.DataFrame, Any]:
    """Mixed columns: missing numbers, integers, booleans, words; a name with a space."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "Age (years)": np.where(rng.random(count) < 0.15, np.nan, rng.integers(1, 80, count).astype(float)),
            "fare": np.round(rng.gamma(2, 15, count), 2),
            "siblings": rng.integers(0, 5, count),
            "alone": rng.random(count) < 0.5,
            "sex": rng.choice(["female", "male"], count),
            "port": rng.choice(["S", "C", "Q"], count),
        }
    )
    risk = 2.0 * (frame["sex"] == "female") + 0.02 * frame["fare"] - 0.02 * frame["Age (years)"].fillna(30)
    return frame, np.where(risk + rng.normal(0, 0.7, count) > 0.9, "survived", "lost")
