"""LitServe with onnxruntime. Argument: the port. MAX_BATCH_SIZE, BATCH_TIMEOUT (seconds), FAST_QUEUE: its settings of these names."""
import os
import sys

import litserve
import numpy as np
from onnx_model import OnnxModel

MAX_BATCH_SIZE = int(os.environ.get("MAX_BATCH_SIZE", "1"))


class Served(litserve.LitAPI):
    def setup(self, device):
        self.model = OnnxModel()

    def decode_request(self, request):
        return np.asarray(request["instances"], np.float32)

    def predict(self, rows):
        """One request's rows; a list of several requests' rows where requests are batched."""
        name = self.model.inputs[0][0]
        if MAX_BATCH_SIZE == 1:
            return self.model.run({name: rows})
        probabilities = self.model.run({name: np.concatenate(rows)})
        return np.split(probabilities, np.cumsum([len(part) for part in rows])[:-1])

    def batch(self, inputs):
        return inputs

    def unbatch(self, output):
        return output

    def encode_response(self, output):
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    api = Served(max_batch_size=MAX_BATCH_SIZE, batch_timeout=float(os.environ.get("BATCH_TIMEOUT", "0")))
    fast_queue = os.environ.get("FAST_QUEUE") == "1"
    server = litserve.LitServer(api, accelerator="cpu", devices=1, workers_per_device=1, fast_queue=fast_queue)
    server.run(host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, log_level="warning", generate_client_file=False, access_log=False)
