"""The exported models of test/models as clients see them: rows, and tensors made of them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

NUMPY_TYPES = {
    "BOOL": np.bool_,
    "INT8": np.int8,
    "INT16": np.int16,
    "INT32": np.int32,
    "INT64": np.int64,
    "UINT8": np.uint8,
    "UINT16": np.uint16,
    "UINT32": np.uint32,
    "UINT64": np.uint64,
    "FP16": np.float16,
    "FP32": np.float32,
    "FP64": np.float64,
    "BYTES": np.object_,
}

MODELS = Path(__file__).resolve().parents[1] / "models"


@dataclass(frozen=True)
class Model:
    name: str
    file: Path
    task: str
    inputs: list[str]
    rows: list[Any]
    expected: dict[str, list[Any]]
    tolerance: float


def models(collections: tuple[str, ...] = ("fixtures", "zoo")) -> list[Model]:
    """Every model of these collections, with as many rows as one request may have."""
    found = []
    for collection in collections:
        for entry in json.loads((MODELS / collection / "manifest.json").read_text())["models"]:
            count = rows_of_one_request(entry)
            found.append(
                Model(
                    name=entry["name"],
                    file=MODELS / collection / entry["file"],
                    task=entry["task"],
                    inputs=[tensor["name"] for tensor in entry["inputs"]],
                    rows=entry["rows"][:count],
                    expected={key: values[:count] for key, values in entry["expected"].items()},
                    tolerance=entry["tolerance"],
                )
            )
    return found


def rows_of_one_request(entry: dict[str, Any]) -> int:
    """A graph of a fixed batch takes so many; rows of several lengths (tokens) cannot share a tensor."""
    if entry.get("static_batch"):
        return int(entry["inputs"][0]["shape"][0])
    if len({str(np.shape(value)) for row in entry["rows"] for value in columns_of(row).values()}) > 2:
        return 1
    return min(len(entry["rows"]), 8)


def columns_of(row: Any) -> dict[str, Any]:
    return row if isinstance(row, dict) else {"": row}


def tensor_of(model: Model, name: str, datatype: str, shape: list[int]) -> np.ndarray:
    """The values of one input for all rows, in the datatype and rank that the server tells."""
    values = [row[name] if isinstance(row, dict) and name in row else row for row in model.rows]
    if datatype == "BYTES":
        flat = np.array([str(value).encode() for value in np.array(values, dtype=object).ravel()], dtype=object)
    else:
        numbers = np.array(values, dtype=object)
        flat = np.array([np.nan if value is None else value for value in numbers.ravel()]).astype(NUMPY_TYPES[datatype])
    inner = np.shape(np.array(values, dtype=object))[1:]
    rank = len(shape)
    full = (len(values), *inner)
    return flat.reshape(full if len(full) == rank else (len(values), *([1] * (rank - 1))))
