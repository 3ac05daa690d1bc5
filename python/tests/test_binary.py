"""Tensors to bytes and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from modeldeployment.prediction.binary import decode_response, encode_request
from modeldeployment.prediction.inputs import exported_name

TENSORS: dict[str, tuple[str, Any]] = {
    "floats": ("FP32", np.array([[1.5, np.nan], [-np.inf, 0]], np.float32)),
    "doubles": ("FP64", np.array([0.1, 1e300])),
    "halves": ("FP16", np.array([0.5, -2], np.float16)),
    "wide integers": ("INT64", np.array([2**53 + 1, -(2**63)])),
    "bytes": ("UINT8", np.zeros((1, 2, 3), np.uint8)),
    "flags": ("BOOL", np.array([True, False])),
    "text": ("BYTES", np.array(["", "naïve", "日本語"], dtype=object)),
    "no rows": ("FP32", np.zeros((0, 4), np.float32)),
}


@pytest.mark.parametrize("name", TENSORS)
def test_what_is_encoded_is_decoded(name: str) -> None:
    datatype, array = TENSORS[name]
    body, length = encode_request({"x": (datatype, array)}, ["y"])
    head = json.loads(body[:length])
    answer = {"outputs": head["inputs"], "parameters": {"note": 1}}
    text = json.dumps(answer).encode()
    found, parameters = decode_response(text + body[length:], len(text))
    assert found["x"].shape == array.shape
    np.testing.assert_array_equal(found["x"], array)
    assert parameters == {"note": 1}


def test_json_answers_are_read_too() -> None:
    body = json.dumps({"outputs": [{"name": "y", "datatype": "BYTES", "shape": [2], "data": ["a", "b"]}]}).encode()
    assert decode_response(body, None)[0]["y"].tolist() == ["a", "b"]


NAMES = {"Amount (EUR)": "Amount__EUR_", "1st": "_1st", "größe": "größe", "a+b_c": "a+b_c"}


@pytest.mark.parametrize("column", NAMES)
def test_columns_are_called_as_skl2onnx_calls_them(column: str) -> None:
    assert exported_name(column) == NAMES[column]
