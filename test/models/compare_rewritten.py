"""Does the runtime's rewrite change what a model computes? Runs each rewritten sample model beside its original in Python's onnxruntime.

    node dev/rewrite-models.ts FOLDER && python test/models/compare_rewritten.py FOLDER

Originals that onnxruntime refuses are counted, not compared. Every other output must be equal to the last bit.
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort

HERE = Path(__file__).parent
NUMPY = {"float": np.float32, "double": np.float64, "float16": np.float16, "int64": np.int64, "int8": np.int8,
         "uint8": np.uint8, "bool": np.bool_, "string": object}


def session(path):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return ort.InferenceSession(str(path), options)


def feeds(model):
    inputs = model["inputs"]
    bare = len(inputs) == 1
    result = {}
    for declared in inputs:
        column = [row if bare else row[declared["name"]] for row in model["rows"]]
        dtype = NUMPY[declared["onnx_type"][len("tensor("):-1]]
        values = np.array([np.nan if v is None else v for v in column] if not isinstance(column[0], list)
                          else [[np.nan if x is None else x for x in v] for v in column], dtype=dtype)
        rank = len(declared["shape"])
        result[declared["name"]] = values.reshape(len(column), *values.shape[1:], *[1] * (rank - values.ndim))
    return result


def columns(value):
    """Lists of maps and lists of tensors as what the rewrite makes of them."""
    if isinstance(value, list) and isinstance(value[0], dict):
        return [np.array([list(row.values()) for row in value])]
    return value if isinstance(value, list) else [value]


def main(folder):
    counts = {"same": 0, "original does not load": 0, "different": 0}
    for collection in ("fixtures", "zoo"):
        for model in json.loads((HERE / collection / "manifest.json").read_text())["models"]:
            rewritten = folder / collection / model["file"]
            if not rewritten.exists():
                continue
            fed = feeds(model)
            if model.get("static_batch"):
                fed = {name: value[:1] for name, value in fed.items()}
            try:
                before = [part for value in session(HERE / collection / model["file"]).run(None, fed) for part in columns(value)]
            except Exception as error:
                counts["original does not load"] += 1
                print(f"{model['name']}: the original: {str(error)[:120]}")
                continue
            after = session(rewritten).run(None, fed)
            # Of containers only the kind may differ.
            same = len(before) == len(after) and all(
                np.asarray(a).size == np.asarray(b).size and np.array_equal(np.asarray(a).ravel(), np.asarray(b).ravel())
                for a, b in zip(before, after))
            counts["same" if same else "different"] += 1
            if not same:
                print(f"{model['name']}: differs")
    print(counts)
    return counts["different"]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
