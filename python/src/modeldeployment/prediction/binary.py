"""Binary tensors of the Open Inference Protocol: JSON, then the bytes of each tensor, little-endian and row-major."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMPY_TYPES: Mapping[str, str] = {
    "BOOL": "|b1", "FP16": "<f2", "FP32": "<f4", "FP64": "<f8", "BYTES": "O",
    **{f"{kind}{bits}": f"<{letter}{bits // 8}" for kind, letter in (("INT", "i"), ("UINT", "u")) for bits in (8, 16, 32, 64)},
}  # fmt: skip
HEADER = "Inference-Header-Content-Length"


def encode_request(tensors: Mapping[str, tuple[str, NDArray[Any]]], outputs: Sequence[str]) -> tuple[bytes, int]:
    """
    A body of `POST /v2/models/NAME/infer`.

    @param tensors datatype and values by input name
    @param outputs wanted, all in binary; none: all
    @returns the body, and how many of its bytes are JSON
    """
    parts = [_encode(datatype, array) for datatype, array in tensors.values()]
    inputs = [
        {"name": name, "datatype": datatype, "shape": list(array.shape), "parameters": {"binary_data_size": len(part)}}
        for (name, (datatype, array)), part in zip(tensors.items(), parts, strict=True)
    ]
    head: dict[str, Any] = {"inputs": inputs, "parameters": {"binary_data_output": True}}
    if outputs:
        head["outputs"] = [{"name": name} for name in outputs]
    text = json.dumps(head).encode()
    return b"".join([text, *parts]), len(text)


def decode_response(body: bytes, header_length: int | None) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """
    An answer, binary or JSON.

    @returns outputs by name, and the answer's parameters
    """
    length = len(body) if header_length is None else header_length
    head = json.loads(body[:length])
    found: dict[str, NDArray[Any]] = {}
    offset = length
    for output in head["outputs"]:
        size = output.get("parameters", {}).get("binary_data_size")
        if size is None:
            values: Any = np.array(output["data"], dtype=NUMPY_TYPES[output["datatype"]])
        else:
            values = _decode(output["datatype"], body[offset : offset + size])
            offset += size
        found[output["name"]] = values.reshape(output["shape"])
    return found, head.get("parameters") or {}


def _encode(datatype: str, array: NDArray[Any]) -> bytes:
    if datatype != "BYTES":
        return np.ascontiguousarray(array, dtype=NUMPY_TYPES[datatype]).tobytes()
    texts = [str(text).encode() for text in array.reshape(-1)]
    return b"".join(part for text in texts for part in (struct.pack("<I", len(text)), text))


def _decode(datatype: str, data: bytes) -> NDArray[Any]:
    if datatype != "BYTES":
        return np.frombuffer(data, dtype=NUMPY_TYPES[datatype])
    texts: list[str] = []
    offset = 0
    while offset < len(data):
        (length,) = struct.unpack_from("<I", data, offset)
        texts.append(data[offset + 4 : offset + 4 + length].decode())
        offset += 4 + length
    return np.array(texts, dtype=object)
