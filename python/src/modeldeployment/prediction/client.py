"""Client(url).predict(df)."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import ModuleType
from typing import Any
from urllib.parse import quote

from numpy.typing import NDArray

from ..errors import PredictError
from ..frameworks.exporter import Extra
from ..json_values import plain
from . import outputs as read
from .binary import HEADER, decode_response, encode_request
from .http import Connection
from .inputs import ModelInput, to_tensors

EXTRA = Extra("pandas", "Client.predict", ("pandas",))
MAX_REQUEST_BYTES = 4 * 1024 * 1024
"""A quarter of what a ModelDeployment takes by default."""


class Client:
    """
    Asks the endpoint of a ModelDeployment. Rows go as binary tensors; several requests if there are many. May be used from several threads.

    @param url e.g. `http://iris.default.svc.cluster.local` or `http://localhost:8080`
    @param name of the model; without it the endpoint is asked
    @param timeout_s of one request
    @param retries of a request that is answered with 429 or 503, after the time that `Retry-After` says
    @param rows_per_request at most
    @param headers sent with every request, e.g. `{"Authorization": "Bearer ..."}`
    """

    def __init__(
        self,
        url: str,
        name: str | None = None,
        *,
        timeout_s: float = 30.0,
        retries: int = 5,
        rows_per_request: int = 4096,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._connection = Connection(url, timeout_s=timeout_s, retries=retries, headers=headers)
        self._name = name
        self._rows_per_request = rows_per_request

    @cached_property
    def name(self) -> str:
        """Of the model."""
        return self._name or str(self._connection.get_json("/v2/models")["models"][0])

    @cached_property
    def _metadata(self) -> Any:
        return self._connection.get_json(f"/v2/models/{quote(self.name, safe='')}")

    @cached_property
    def inputs(self) -> list[ModelInput]:
        """What the model takes."""
        return [
            ModelInput(given["name"], given["datatype"], tuple(given["shape"])) for given in self._metadata["inputs"]
        ]

    @property
    def labels(self) -> list[Any] | None:
        """Class labels in column order; None for a model without classes."""
        found = self._metadata.get("properties", {}).get("labels")
        return None if found is None else list(json.loads(found))

    def predict(self, rows: Any) -> Any:
        """
        Predictions for a DataFrame, an array, a list of texts, or a mapping from input name to values.

        @returns a DataFrame with the index of `rows`: `label` and `probabilities.CLASS` (or `scores.CLASS`) for a classifier, `prediction` for a
          regressor, else a column for each output. Columns of `rows` that the model does not take are left out
        @raises PredictError with the server's words
        """
        pandas = _pandas()
        tensors = to_tensors(rows, self.inputs)
        index = getattr(rows, "index", None) if hasattr(rows, "columns") else None
        parts = [pandas.DataFrame(self._ask(part)) for part in self._parts(tensors)]
        frame = pandas.concat(parts, ignore_index=True)
        return frame if index is None else frame.set_index(index)

    def _parts(self, tensors: Mapping[str, NDArray[Any]]) -> Iterator[dict[str, NDArray[Any]]]:
        count = len(next(iter(tensors.values())))
        if count == 0:
            raise PredictError("there are no rows to predict.", "Give at least one.")
        row_bytes = sum(array.nbytes for array in tensors.values()) // count
        size = max(1, min(self._rows_per_request, MAX_REQUEST_BYTES // max(1, row_bytes)))
        for start in range(0, count, size):
            yield {name: array[start : start + size] for name, array in tensors.items()}

    def _ask(self, tensors: Mapping[str, NDArray[Any]]) -> read.Columns:
        properties = self._metadata.get("properties", {})
        wanted = read.wanted_outputs(properties)
        if wanted is None:
            return self._ask_v1(tensors)
        datatypes = {given.name: given.datatype for given in self.inputs}
        body, length = encode_request({name: (datatypes[name], array) for name, array in tensors.items()}, wanted)
        path = f"/v2/models/{quote(self.name, safe='')}/infer"
        response = self._connection.post(path, body, {HEADER: str(length), "Content-Type": "application/octet-stream"})
        header = response.headers.get(HEADER)
        outputs, parameters = decode_response(response.data, None if header is None else int(header))
        _warn(parameters.get("warnings"))
        task = properties.get("task")
        return (
            read.classification_columns(outputs, properties)
            if task == "classification"
            else read.tensor_columns(outputs, task)
        )

    def _ask_v1(self, tensors: Mapping[str, NDArray[Any]]) -> read.Columns:
        """What only the server knows how to present: decision values, several targets."""
        body = json.dumps({"inputs": {name: plain(array) for name, array in tensors.items()}}).encode()
        path = f"/v1/models/{quote(self.name, safe='')}:predict"
        response = self._connection.post(path, body, {"Content-Type": "application/json"})
        answer = json.loads(response.data)
        _warn(answer.get("warnings"))
        return read.json_columns(answer["outputs"])


def _warn(messages: Any) -> None:
    found = json.loads(messages) if isinstance(messages, str) and messages.startswith("[") else messages
    for message in [found] if isinstance(found, str) else found or []:
        warnings.warn(str(message), stacklevel=5)


def _pandas() -> ModuleType:
    EXTRA.require()
    import pandas

    return pandas  # type: ignore[no-any-return]
