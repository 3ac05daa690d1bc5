"""Numpy values as the JSON that the HTTP API takes and gives."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def plain(value: Any) -> Json:
    """Anything of numpy as JSON: shortest decimals for float32 (exact when read back), `None` for NaN, `"Infinity"`."""
    if isinstance(value, np.ndarray):
        return [plain(entry) for entry in value] if value.ndim else plain(value[()])
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return _number(value)
    return None if value is None else str(value)


def _number(value: float | np.floating[Any]) -> Json:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(str(value)) if isinstance(value, (np.float32, np.float16)) else float(value)


def plain_label(label: Any) -> str | int:
    """A class label as the graph has it: text or an integer. Converters write booleans and whole floats as integers."""
    if isinstance(label, (bool, np.bool_)):
        return int(label)
    if isinstance(label, (int, np.integer)):
        return int(label)
    if isinstance(label, (float, np.floating)) and float(label).is_integer():
        return int(label)
    return label.decode() if isinstance(label, bytes) else str(label)
