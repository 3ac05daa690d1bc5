"""The model of the Python servers: an onnxruntime session with the settings of this project's runtime, asked for the probabilities only.

Environment: MODEL_FILE (without ZipMap, as one exports it for Python), MODEL_NAME, MODEL_OUTPUT, MODEL_LABELS (JSON).
"""
import json
import os

import numpy as np
import onnxruntime

NAME = os.environ["MODEL_NAME"]
OUTPUTS = [os.environ["MODEL_OUTPUT"]]
LABELS = json.loads(os.environ["MODEL_LABELS"])


class OnnxModel:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"])
        self.inputs = [(i.name, object if i.type == "tensor(string)" else np.float32) for i in self.session.get_inputs()]

    def feeds(self, rows):
        """Rows as lists of numbers, or as objects with a value for each column."""
        if len(self.inputs) == 1:
            name, dtype = self.inputs[0]
            return {name: np.asarray(rows, dtype)}
        return {name: np.array([row[name] for row in rows], dtype).reshape(-1, 1) for name, dtype in self.inputs}

    def run(self, feeds):
        """Probabilities [N, C]."""
        return self.session.run(OUTPUTS, feeds)[0]

    def predict(self, rows):
        return self.run(self.feeds(rows))
