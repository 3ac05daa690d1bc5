"""Tensors and JSON answers as the columns of a DataFrame: `label`, `probabilities.CLASS`, ... as in CSV answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]


def wanted_outputs(properties: Mapping[str, str]) -> list[str] | None:
    """Outputs to ask for over V2; None where only V1 knows how to read them (several targets, decision values)."""
    if properties.get("task") != "classification":
        return []
    labels = json.loads(properties.get("labels", "[]"))
    score = properties.get("probabilities_output") or (
        properties.get("scores_output") if "activation" in properties else None
    )
    if score is None or not labels or isinstance(labels[0], list):
        return None
    return [name for name in (properties.get("label_output"), *score.split(",")) if name]


def classification_columns(outputs: Mapping[str, NDArray[Any]], properties: Mapping[str, str]) -> Columns:
    """A classifier of one target with probabilities."""
    labels = json.loads(properties["labels"])
    names = (properties.get("probabilities_output") or properties["scores_output"]).split(",")
    raw = [np.asarray(outputs[name], np.float64) for name in names]
    table = (
        np.stack([column.reshape(-1) for column in raw], axis=1) if len(raw) > 1 else raw[0].reshape(len(raw[0]), -1)
    )
    table = _activated(table, properties.get("activation"))
    if table.shape[1] == 1 and len(labels) == 2:
        table = np.concatenate([1 - table, table], axis=1)
    return {
        "label": _labels(outputs, properties, labels, table),
        **{f"probabilities.{label}": table[:, i] for i, label in enumerate(labels)},
    }


def _activated(table: NDArray[np.float64], activation: str | None) -> NDArray[np.float64]:
    if activation == "Softmax":
        powers = np.exp(table - table.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return np.asarray(1 / (1 + np.exp(-table))) if activation == "Sigmoid" else table


def _labels(
    outputs: Mapping[str, NDArray[Any]],
    properties: Mapping[str, str],
    labels: Sequence[Any],
    table: NDArray[np.float64],
) -> NDArray[Any]:
    output = properties.get("label_output")
    if output is None:
        return _column([labels[best] for best in table.argmax(axis=1)])
    found = outputs[output].reshape(-1).tolist()
    values = json.loads(properties.get("label_output_values", "null"))
    if values is not None:
        renamed = {str(value): label for value, label in zip(values, labels, strict=True)}
        found = [renamed.get(str(label), label) for label in found]
    return _column(found)


def tensor_columns(outputs: Mapping[str, NDArray[Any]], task: str | None) -> Columns:
    """A regressor's or any other model's outputs; those with several numbers a row become several columns."""
    alone = len(outputs) == 1
    columns: Columns = {}
    for name, array in outputs.items():
        shown = "prediction" if alone and task == "regression" else name
        flat = array.reshape(len(array), -1)
        if flat.shape[1] == 1:
            columns[shown] = flat[:, 0]
        else:
            columns.update({f"{shown}.{position}": flat[:, position] for position in range(flat.shape[1])})
    return columns


def json_columns(outputs: Any) -> Columns:
    """`outputs` of a V1 answer by columns."""
    columns: Columns = {}
    for name, values in outputs.items():
        _spread(name, values, columns)
    return columns


def _spread(name: str, values: Sequence[Any], columns: Columns) -> None:
    first = values[0] if values else None
    if isinstance(first, Mapping):
        for key in first:
            _spread(f"{name}.{key}", [value[key] for value in values], columns)
    elif isinstance(first, list):
        for position in range(len(first)):
            _spread(f"{name}.{position}", [value[position] for value in values], columns)
    else:
        columns[name] = _column(list(values))


def _column(values: list[Any]) -> NDArray[Any]:
    is_text = any(isinstance(value, str) for value in values)
    return np.array(values, dtype=object if is_text else None)
