"""What XGBoost, LightGBM and CatBoost have in common: rows of float32, one matrix, named columns split off at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from ..answers import Label, Layout
from ..columns import check_columns
from ..errors import SampleError, UnsupportedModelError
from ..graph import rename_classes, split_matrix_input
from ..json_values import plain_label
from ..samples import read_rows
from ..samples.sample import Sample
from ..samples.table import Table
from .exporter import Attempt, Converted

FLOAT32 = Attempt("float32")
OPSET = 15
"""The newest that onnxmltools writes for boosting models."""


def read_numbers(value: Any, trained: Sequence[Any], count: int | None, framework: str) -> tuple[Sample, list[str]]:
    """Rows of numbers. @raises SampleError for text and categories, which the converters drop."""
    sample, notes = read_rows(check_columns(value, trained, count))
    text = isinstance(sample, Table) and not sample.is_numeric
    if text or getattr(sample, "is_text", False) or not hasattr(sample, "feature_names"):
        raise SampleError(
            f"the sample has columns of text or categories, and the ONNX form of {framework} models takes numbers only.",
            "Train on numbers: put an OrdinalEncoder or OneHotEncoder and the model into one scikit-learn pipeline, and export the pipeline.",
        )
    return sample, notes


def numbers_of(sample: Sample) -> NDArray[np.float32]:
    """What a client's request becomes: float32."""
    if isinstance(sample, Table):
        return np.asarray(sample.frame.to_numpy(dtype=np.float64, na_value=np.nan), np.float32)
    return np.asarray(sample.native, np.float32)


def class_layout(classes: Sequence[Any], labels: Sequence[Label] | None) -> Layout:
    """Of a classifier with probabilities. @raises UnsupportedModelError when `labels` do not name its classes."""
    found = tuple(plain_label(label) for label in classes)
    if labels is None:
        return Layout("classification", (found,), "probabilities")
    if found != tuple(range(len(labels))):
        raise UnsupportedModelError(
            f"{len(labels)} labels are given, but the model has {len(found)} classes: {', '.join(map(str, found[:5]))}.",
            "Give one label for each class, in column order; leave them out if the classes have names already.",
        )
    return Layout("classification", (tuple(labels),), "probabilities")


def finished(model: Any, layout: Layout, sample: Sample, labels: Sequence[Label] | None) -> Converted:
    """Named columns and labels, whatever wrote the graph."""
    proto = ModelProto()
    proto.CopyFrom(model)
    outputs = [output.name for output in proto.graph.output]
    if layout.task == "classification" and labels is not None:
        proto = rename_classes(proto, outputs[0], labels)
    if isinstance(sample, Table):
        proto = split_matrix_input(proto, sample.feature_names)
    if layout.task == "classification":
        return Converted(proto, layout, label_outputs=outputs[0], score_output=outputs[1])
    return Converted(proto, layout, value_outputs=(outputs[0],))
