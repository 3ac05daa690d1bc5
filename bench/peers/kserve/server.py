"""A model of KServe's Python SDK with onnxruntime. Arguments: those of kserve.ModelServer."""
import os

from kserve import Model, ModelServer
from onnx_model import NAME, OnnxModel


class Served(Model):
    def __init__(self):
        super().__init__(NAME)
        self.load()

    def load(self):
        self.model = OnnxModel()
        self.ready = True
        return self.ready

    async def predict(self, payload, headers=None, response_headers=None):
        return {"predictions": self.model.predict(payload["instances"]).tolist()}


class ServedInThreads(Served):
    """What the SDK runs in its thread pool."""

    def predict(self, payload, headers=None, response_headers=None):
        return {"predictions": self.model.predict(payload["instances"]).tolist()}


if __name__ == "__main__":
    ModelServer(enable_grpc=False).start([ServedInThreads() if os.environ.get("HANDLER") == "threads" else Served()])
