"""The fair Python: Starlette, orjson and onnxruntime on uvloop and httptools, with the coalescing of this project's runtime and its answers.

Requests that arrive in the same turn of the event loop run as one batch. Argument: the port. MAX_ROWS: of one run, default 64.
ANSWER: `named` (default: the label and its classes by name, as our runtime answers) or `bare` (lists of numbers).
"""
import asyncio
import os
import sys

import numpy as np
import orjson
import uvicorn
from onnx_model import LABELS, NAME, OUTPUTS, OnnxModel
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

MAX_ROWS = int(os.environ.get("MAX_ROWS", "64"))
BARE = os.environ.get("ANSWER") == "bare"
KEYS = [str(label) for label in LABELS]
JSON_LENGTH = "Inference-Header-Content-Length"

model = OnnxModel()


class Coalescer:
    def __init__(self):
        self.waiting = []

    def predict(self, feeds, rows):
        """A future of the probabilities of these rows."""
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        if not self.waiting:
            loop.call_soon(self.drain)
        self.waiting.append((feeds, rows, future))
        return future

    def drain(self):
        waiting, self.waiting = self.waiting, []
        batch, size = [], 0
        for request in waiting:
            if batch and size + request[1] > MAX_ROWS:
                self.run(batch)
                batch, size = [], 0
            batch.append(request)
            size += request[1]
        self.run(batch)

    def run(self, batch):
        try:
            if len(batch) == 1:
                feeds, _, future = batch[0]
                future.set_result(model.run(feeds))
                return
            feeds = {name: np.concatenate([request[0][name] for request in batch]) for name in batch[0][0]}
            probabilities = model.run(feeds)
            start = 0
            for _, rows, future in batch:
                if not future.cancelled():
                    future.set_result(probabilities[start : start + rows])
                start += rows
        except Exception as error:
            for _, _, future in batch:
                if not future.done():
                    future.set_exception(error)


coalescer = Coalescer()


def present(probabilities):
    if BARE:
        return probabilities        # orjson writes arrays itself
    best = probabilities.argmax(axis=1).tolist()
    return [{"label": LABELS[label], "probabilities": dict(zip(KEYS, row))} for label, row in zip(best, probabilities.tolist())]


async def predict(request):
    instances = orjson.loads(await request.body())["instances"]
    probabilities = await coalescer.predict(model.feeds(instances), len(instances))
    return Response(orjson.dumps({"predictions": present(probabilities)}, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


async def infer(request):
    """V2 with binary tensors."""
    body = await request.body()
    json_bytes = int(request.headers[JSON_LENGTH])
    [tensor] = orjson.loads(body[:json_bytes])["inputs"]
    array = np.frombuffer(body, np.float32, offset=json_bytes).reshape(tensor["shape"])
    probabilities = await coalescer.predict({tensor["name"]: array}, len(array))
    data = np.ascontiguousarray(probabilities).tobytes()
    output = {"name": OUTPUTS[0], "datatype": "FP32", "shape": probabilities.shape, "parameters": {"binary_data_size": len(data)}}
    head = orjson.dumps({"model_name": NAME, "outputs": [output]})
    return Response(head + data, headers={JSON_LENGTH: str(len(head))}, media_type="application/octet-stream")


async def health(request):
    return Response()


app = Starlette(routes=[
    Route("/health", health),
    Route("/predict", predict, methods=["POST"]),
    Route("/infer", infer, methods=["POST"]),
])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, loop="uvloop", http="httptools", log_level="warning")
