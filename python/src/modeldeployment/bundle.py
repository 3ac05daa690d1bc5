"""The folder of a model: what the runtime looks for beside `model.onnx`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from .answers import Label
from .errors import ExportError
from .frameworks.exporter import Converted
from .samples.sample import GraphInput, Sample

MODEL_FILE = "model.onnx"
GOLDEN_FILE = "golden.json"
LABELS_FILE = "labels.json"
FEATURES_FILE = "features.json"
OWN_FILES = (MODEL_FILE, f"{MODEL_FILE}.data", GOLDEN_FILE, LABELS_FILE, FEATURES_FILE)
"""What an export writes, and what an earlier one may have left behind."""


def write_bundle(
    folder: Path,
    converted: Converted,
    *,
    golden: str | None,
    labels: Sequence[Label] | None,
    features: list[dict[str, object]],
) -> list[Path]:
    """
    Writes the folder; files of an earlier export that this one does not have are removed.

    @returns what was written, the model last
    @raises ExportError when another model lies there
    """
    folder.mkdir(parents=True, exist_ok=True)
    others = [path.name for path in folder.iterdir() if path.name.lower().endswith(".onnx") and path.name != MODEL_FILE]
    if others:
        raise ExportError(f"{folder} holds another model, {others[0]}.", "Give each model a folder of its own.")
    for name in OWN_FILES:
        (folder / name).unlink(missing_ok=True)
    written: list[Path] = []
    if converted.data_folder is not None:
        for source in sorted(converted.data_folder.iterdir()):
            if source.name != MODEL_FILE:
                written.append(Path(shutil.copyfile(source, folder / source.name)))
    written += [_write(folder / FEATURES_FILE, json.dumps({"inputs": features}, ensure_ascii=False, indent=1) + "\n")]
    if golden is not None:
        written.append(_write(folder / GOLDEN_FILE, golden))
    if labels:
        written.append(_write(folder / LABELS_FILE, json.dumps(list(labels), ensure_ascii=False) + "\n"))
    model = folder / MODEL_FILE
    model.write_bytes(converted.model.SerializeToString())
    return [*written, model]


def features_of(sample: Sample, inputs: Sequence[GraphInput]) -> list[dict[str, object]]:
    """For people and programs that make requests: what the inputs are called, and what goes into them."""
    names = sample.feature_names if len(sample.feature_names) == len(inputs) else [given.name for given in inputs]
    return [
        {
            "name": name,
            "input": given.name,
            "datatype": "text" if given.dtype == object else given.dtype.name,
            "shape": ["rows", *given.shape[1:]],
        }
        for name, given in zip(names, inputs, strict=True)
    ]


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
