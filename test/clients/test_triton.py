"""tritonclient, unchanged, against every model: JSON, binary and gRPC give the same tensors."""

import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http

from conftest import Served
from reference import Tensors, assert_same, expected_tensors, inputs_of, outputs_of


def triton_over_http(served: Served, binary: bool) -> Tensors:
    inputs = []
    for name, datatype, values in inputs_of(served):
        tensor = triton_http.InferInput(name, list(values.shape), datatype)
        # FP16 has no form in JSON that this client writes.
        tensor.set_data_from_numpy(values, binary_data=binary or datatype == "FP16")
        inputs.append(tensor)
    names = outputs_of(served)
    wanted = [triton_http.InferRequestedOutput(name, binary_data=binary) for name in names]
    with triton_http.InferenceServerClient(served.http) as client:
        answer = client.infer(served.model.name, inputs, outputs=wanted, request_id="7")
    assert answer.get_response()["id"] == "7"
    return {name: answer.as_numpy(name) for name in names}


def triton_over_grpc(served: Served) -> Tensors:
    inputs = []
    for name, datatype, values in inputs_of(served):
        tensor = triton_grpc.InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values)
        inputs.append(tensor)
    with triton_grpc.InferenceServerClient(served.grpc) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert client.is_model_ready(served.model.name)
        answer = client.infer(served.model.name, inputs)
    return {name: answer.as_numpy(name) for name in outputs_of(served)}


def test_http_json(served: Served) -> None:
    assert_same(triton_over_http(served, binary=False), expected_tensors(served))


def test_http_binary(served: Served) -> None:
    assert_same(triton_over_http(served, binary=True), expected_tensors(served))


def test_grpc(served: Served) -> None:
    assert_same(triton_over_grpc(served), expected_tensors(served))


def test_errors_reach_the_user(served: Served) -> None:
    name, datatype, values = inputs_of(served)[0]
    tensor = triton_http.InferInput("no such input", list(values.shape), datatype)
    tensor.set_data_from_numpy(values)
    with triton_http.InferenceServerClient(served.http) as client, pytest.raises(Exception, match=name):
        client.infer(served.model.name, [tensor])
