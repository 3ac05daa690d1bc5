"""onnxruntime on a converted model, read as the serving runtime reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import ModelProto, helper

from .answers import Answers, from_scores, labels_of
from .errors import ConversionError
from .frameworks.exporter import Converted
from .samples.sample import GraphInput, Sample, graph_input


class ServedModel:
    """The ONNX file, asked like the original."""

    def __init__(self, converted: Converted) -> None:
        self._converted = converted
        self._session = _open(converted.model, converted.data_folder)
        self.inputs: list[GraphInput] = [
            graph_input(given.name, given.type, given.shape) for given in self._session.get_inputs()
        ]

    def ask(self, sample: Sample) -> Answers:
        """What onnxruntime says about the rows. Raises its errors."""
        names = [output.name for output in self._session.get_outputs()]
        outputs = dict(zip(names, self._session.run(names, sample.feeds(self.inputs)), strict=True))
        converted = self._converted
        if converted.layout.task == "classification":
            return _classification(converted, outputs, len(sample))
        return Answers(values={name: _rows(np.asarray(outputs[name]), len(sample)) for name in converted.value_outputs})


def _classification(converted: Converted, outputs: dict[str, Any], rows: int) -> Answers:
    layout = converted.layout
    scores: list[NDArray[np.float64]] = []
    if converted.score_output is not None:
        raw = outputs[converted.score_output]
        tables = _tables(raw, layout.classes, rows)
        scores = [
            _one_decision_value(table, converted.mirrored) if layout.one_decision_value else table for table in tables
        ]
    if converted.label_outputs is None:
        return from_scores(layout, scores[0])
    found = np.asarray(outputs[converted.label_outputs])
    several = len(layout.classes) > 1
    columns = [found.reshape(rows, -1)[:, target] for target in range(len(layout.classes))] if several else [found]
    return Answers(labels=[labels_of(column) for column in columns], scores=scores)


def _tables(raw: Any, classes: tuple[tuple[Any, ...], ...], rows: int) -> list[NDArray[np.float64]]:
    """Maps of a ZipMap, tensors of a sequence, or one tensor: `[rows, classes]` for each target."""
    if isinstance(raw, list) and raw and isinstance(raw[0], dict):
        return [np.array([list(row.values()) for row in raw], np.float64)]
    if len(classes) > 1:
        tables = list(raw)
        return [np.asarray(table, np.float64)[:, : len(names)] for table, names in zip(tables, classes, strict=True)]
    return [np.asarray(raw, np.float64).reshape(rows, -1)]


def _one_decision_value(table: NDArray[np.float64], mirrored: bool) -> NDArray[np.float64]:
    column = 0 if table.shape[1] == 1 or mirrored else 1
    return table[:, column : column + 1]


def _rows(array: NDArray[Any], rows: int) -> NDArray[Any]:
    """`[N]` and `[N, 1]` are the same to a reader."""
    return array.reshape(rows, 1) if array.size == rows else array


def _open(model: ModelProto, data_folder: Path | None) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        return _load(model, data_folder, options)
    except Exception as error:
        without_locale = _with_locale(model) if "locale" in str(error) else None
        if without_locale is None:
            raise ConversionError(f"onnxruntime refuses the converted model: {first_line(error)}", _REPORT) from error
        # The serving runtime does the same; the file itself is not changed.
        return _load(without_locale, data_folder, options)


_REPORT = "Try the newest version of the converter and of onnxruntime (pip install -U); if that does not help, it is a limit of the converter."


def _load(model: ModelProto, data_folder: Path | None, options: Any) -> Any:
    if data_folder is not None:
        path = data_folder / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _with_locale(model: ModelProto) -> ModelProto:
    changed = ModelProto()
    changed.CopyFrom(model)
    for node in changed.graph.node:
        if node.op_type == "StringNormalizer":
            kept = [attribute for attribute in node.attribute if attribute.name != "locale"]
            del node.attribute[:]
            node.attribute.extend([*kept, helper.make_attribute("locale", "C.UTF-8")])
    return changed


def first_line(error: BaseException) -> str:
    """The first sentence of a library's message, without its ornaments."""
    text = str(error).strip() or type(error).__name__
    return next((line.strip() for line in text.splitlines() if line.strip()), text)[:200]
