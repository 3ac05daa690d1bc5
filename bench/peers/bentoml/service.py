"""BentoML with onnxruntime. BATCHABLE=1 turns its adaptive batching on; MAX_LATENCY_MS: its setting of this name."""
import os

import bentoml
import numpy as np
from onnx_model import OnnxModel

BATCHABLE = os.environ.get("BATCHABLE") == "1"
MAX_LATENCY_MS = int(os.environ.get("MAX_LATENCY_MS", "60000"))


@bentoml.service(workers=1, traffic={"timeout": 60}, metrics={"enabled": False}, logging={"access": {"enabled": False}})
class Served:
    def __init__(self) -> None:
        self.model = OnnxModel()
        self.input = self.model.inputs[0][0]

    @bentoml.api(batchable=BATCHABLE, max_batch_size=64, max_latency_ms=MAX_LATENCY_MS)
    def predict(self, instances: np.ndarray) -> np.ndarray:
        return self.model.run({self.input: instances.astype(np.float32)})
