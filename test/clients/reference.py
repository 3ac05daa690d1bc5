"""What the server answers to plain JSON over urllib: no client's habits in between."""

import json
from urllib.parse import quote
from urllib.request import Request, urlopen

import numpy as np

from conftest import Served
from models import NUMPY_TYPES, tensor_of

Tensors = dict[str, np.ndarray]


def ask(served: Served, path: str, body: object = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(f"http://{served.http}{path}", data, {"Content-Type": "application/json"})) as answer:
        return json.load(answer)


def metadata_of(served: Served) -> dict:
    return ask(served, f"/v2/models/{quote(served.model.name)}")


def inputs_of(served: Served) -> list[tuple[str, str, np.ndarray]]:
    """Name, datatype and values of every input, as the server's metadata asks for them."""
    asked = metadata_of(served)["inputs"]
    return [(each["name"], each["datatype"], tensor_of(served.model, each["name"], each["datatype"], each["shape"])) for each in asked]


def outputs_of(served: Served) -> list[str]:
    return [each["name"] for each in metadata_of(served)["outputs"]]


def expected_tensors(served: Served) -> Tensors:
    inputs = [
        {"name": name, "datatype": datatype, "shape": values.shape, "data": as_json(values)}
        for name, datatype, values in inputs_of(served)
    ]
    answer = ask(served, f"/v2/models/{quote(served.model.name)}/infer", {"inputs": inputs})
    return {
        each["name"]: np.array(each["data"], dtype=NUMPY_TYPES[each["datatype"]]).reshape(each["shape"])
        for each in answer["outputs"]
    }


def as_json(values: np.ndarray) -> list:
    return [value.decode() if isinstance(value, bytes) else None if value != value else value for value in values.ravel().tolist()]


def as_text(values: np.ndarray) -> list[str]:
    """Texts come as bytes or as str, by the client's habit."""
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values.ravel()]


def assert_same(got: Tensors, expected: Tensors) -> None:
    """The same names, shapes and values to the last bit."""
    assert sorted(got) == sorted(expected)
    for name, values in expected.items():
        assert got[name].shape == values.shape, name
        if values.dtype.kind in "OSU":
            assert as_text(got[name]) == as_text(values), name
        else:
            np.testing.assert_array_equal(got[name], values, err_msg=name)
