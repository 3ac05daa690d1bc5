"""What a user has - a DataFrame, an array, a list of texts - as the tensors that the model takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PredictError
from ..samples import is_frame
from .binary import NUMPY_TYPES

WAY_OUT = "client.inputs lists what the model takes."


@dataclass(frozen=True)
class ModelInput:
    """As `GET /v2/models/NAME` describes it; -1 is any number."""

    name: str
    datatype: str
    shape: tuple[int, ...]


def to_tensors(rows: Any, inputs: Sequence[ModelInput]) -> dict[str, NDArray[Any]]:
    """@returns an array for each input, equally many rows in each. @raises PredictError naming what does not fit."""
    if is_frame(rows):
        found = _of_frame(rows, inputs)
    elif isinstance(rows, Mapping):
        found = {given.name: rows[_matching(list(rows), given)] for given in inputs}
    elif len(inputs) == 1:
        found = {inputs[0].name: rows}
    else:
        names = ", ".join(given.name for given in inputs[:10])
        raise PredictError(
            f"the model has {len(inputs)} inputs ({names}).",
            "Give a DataFrame with these columns, or a mapping from name to values.",
        )
    tensors = {given.name: _fit(found[given.name], given) for given in inputs}
    counts = {name: len(array) for name, array in tensors.items()}
    if len(set(counts.values())) > 1:
        raise PredictError(f"the inputs have different numbers of rows: {counts}.", "Give equally many of each.")
    return tensors


def _of_frame(frame: Any, inputs: Sequence[ModelInput]) -> dict[str, Any]:
    columns = [str(name) for name in frame.columns]
    if len(inputs) > 1 or inputs[0].name in columns:
        return {given.name: frame.iloc[:, columns.index(_matching(columns, given))] for given in inputs}
    (only,) = inputs
    width = only.shape[1] if len(only.shape) == 2 else 1
    if width not in (-1, len(columns)):
        raise PredictError(
            f"the model takes {width} columns, the DataFrame has {len(columns)}.",
            "Give the columns of the training data, in its order and without the target.",
        )
    return {only.name: frame if len(only.shape) == 2 else frame.iloc[:, 0]}


def exported_name(column: str) -> str:
    """What skl2onnx calls a DataFrame column; the same rule as the runtime's (runtime/protocol/input-names.ts)."""
    return re.sub(r"^(?=[0-9])", "_", re.sub(r"[^\w+]", "_", column))


def _matching(names: Sequence[str], given: ModelInput) -> str:
    for name in names:
        if given.name in (name, exported_name(name)):
            return name
    near = get_close_matches(given.name.lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    hint = f" Did you call it {next(name for name in names if name.lower() == near[0])!r}?" if near else ""
    raise PredictError(f"the column {given.name!r} is missing.{hint}", WAY_OUT)


def _fit(values: Any, given: ModelInput) -> NDArray[Any]:
    array = _cast(values, given)
    wanted = len(given.shape)
    if array.ndim == wanted - 1 and given.shape[-1] in (1, -1):
        array = array[..., np.newaxis]
    if array.ndim == wanted + 1 and array.shape[-1] == 1:
        array = array[..., 0]
    fits = array.ndim == wanted and all(
        size in (-1, got) for size, got in zip(given.shape[1:], array.shape[1:], strict=True)
    )
    if not fits:
        shape = ["rows", *("any" if size == -1 else size for size in given.shape[1:])]
        raise PredictError(
            f"{given.name!r} has the shape {list(array.shape)}, the model takes {shape}.".replace("'", ""), WAY_OUT
        )
    return array


def _cast(values: Any, given: ModelInput) -> NDArray[Any]:
    dtype = np.dtype(NUMPY_TYPES[given.datatype])
    array = (
        values.to_numpy()
        if hasattr(values, "to_numpy")
        else values.detach().cpu().numpy()
        if hasattr(values, "detach")
        else np.asarray(values)
    )
    if given.datatype == "BYTES":
        wrong = next((cell for cell in array.reshape(-1) if not isinstance(cell, str)), None)
        if wrong is not None:
            raise PredictError(
                f"{given.name!r} takes text, not {wrong}.", "Turn it into text: frame[column].fillna('').astype(str)."
            )
        return np.asarray(array, dtype=object)
    try:
        numbers: NDArray[Any] = np.asarray(array, dtype=np.float64) if array.dtype.kind == "O" else array
        if numbers.dtype.kind not in "fiub":
            raise ValueError(numbers.dtype)
        if dtype.kind in "iu" and numbers.dtype.kind == "f" and not (np.mod(numbers, 1) == 0).all():
            raise PredictError(
                f"{given.name!r} takes whole numbers, and some are missing or have a fraction.",
                "Fill and round them first.",
            )
        return numbers.astype(dtype)
    except (TypeError, ValueError) as error:
        raise PredictError(f"{given.name!r} takes numbers ({given.datatype}), not {array.dtype}.", WAY_OUT) from error
