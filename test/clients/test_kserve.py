"""The inference clients of KServe's SDK, unchanged, against every model: V1, V2 JSON and binary, gRPC."""

import asyncio

from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

from conftest import Served
from reference import Tensors, assert_same, expected_tensors, inputs_of


def kserve_request(served: Served, binary: bool) -> InferRequest:
    inputs = []
    for name, datatype, values in inputs_of(served):
        tensor = InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values, binary_data=binary or datatype == "FP16")
        inputs.append(tensor)
    return InferRequest(model_name=served.model.name, infer_inputs=inputs)


async def kserve_over_rest(served: Served, binary: bool) -> Tensors:
    client = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
    base = f"http://{served.http}"
    assert await client.is_server_live(base)
    assert await client.is_server_ready(base)
    assert await client.is_model_ready(base, served.model.name)
    answer = await client.infer(base, kserve_request(served, binary), model_name=served.model.name)
    await client.close()
    return {output.name: output.as_numpy() for output in answer.outputs}


async def kserve_over_grpc(served: Served) -> Tensors:
    client = InferenceGRPCClient(served.grpc)
    assert await client.is_server_ready()
    assert await client.is_model_ready(served.model.name)
    answer = await client.infer(kserve_request(served, binary=True))
    await client.close()
    return {output.name: output.as_numpy() for output in answer.outputs}


async def kserve_v1(served: Served) -> list:
    client = InferenceRESTClient(RESTConfig(protocol="v1", retries=0))
    answer = await client.infer(f"http://{served.http}", {"instances": served.model.rows}, model_name=served.model.name)
    await client.close()
    return answer["predictions"]


def test_v2_json(served: Served) -> None:
    assert_same(asyncio.run(kserve_over_rest(served, binary=False)), expected_tensors(served))


def test_v2_binary(served: Served) -> None:
    assert_same(asyncio.run(kserve_over_rest(served, binary=True)), expected_tensors(served))


def test_grpc(served: Served) -> None:
    assert_same(asyncio.run(kserve_over_grpc(served)), expected_tensors(served))


def test_v1_answers_like_the_training_library(served: Served) -> None:
    model = served.model
    predictions = asyncio.run(kserve_v1(served))
    assert len(predictions) == len(model.rows)
    for key in ("label", "probabilities", "scores", "values"):
        for prediction, expected in zip(predictions, model.expected.get(key, []), strict=False):
            got = prediction if key == "values" else prediction[key]
            assert_close(list(leaves(got)), list(leaves(expected)), model.tolerance)


def leaves(value: object) -> list:
    """The values in an answer, whatever it wraps them in."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [value]


def assert_close(got: list, expected: list, tolerance: float) -> None:
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        if isinstance(b, float) and isinstance(a, (int, float)):
            assert abs(a - b) <= tolerance * max(1, abs(b)), (a, b)
        else:
            assert str(a) == str(b)
