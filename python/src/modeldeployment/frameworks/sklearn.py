"""scikit-learn: estimators, pipelines, with boosting libraries inside."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import ModelProto

from ..answers import Answers, Layout, labels_of
from ..columns import check_columns
from ..errors import IMPUTE_FIRST, ConversionError, UnsupportedModelError
from ..graph import rename_classes, split_matrix_input, with_float_trees
from ..json_values import plain_label
from ..samples import read_rows
from ..samples.matrix import Matrix
from ..samples.sample import Sample
from ..samples.table import Table
from ..samples.texts import Texts
from .exporter import Attempt, Converted, ExportOptions, Extra

EXTRA = Extra("sklearn", "exporting a scikit-learn model", ("sklearn", "skl2onnx"))

TARGET_OPSET = {"": 18, "ai.onnx.ml": 3}
"""Known to every onnxruntime of the last years and to all converters."""
BOOSTING_OPSET = {"": 15, "ai.onnx.ml": 3}
"""The newest that the converters of onnxmltools write."""

FLOAT32 = Attempt("float32")
INTEGERS_AS_FLOAT = Attempt(
    "integers as float32", "columns of integers became float32: whole numbers up to 16,777,216 are exact"
)
INTEGERS = Attempt("int64", "the input takes whole numbers only")
FLOAT64 = Attempt("float64", "float32 was not exact enough, so the inputs are float64")


class SklearnExporter:
    """An estimator that has been fitted."""

    framework = "scikit-learn"

    def __init__(self, model: Any, options: ExportOptions) -> None:
        EXTRA.require()
        self.model = _unwrapped(model)
        self.labels = options.labels
        self.layout = self._layout()

    def version(self) -> str:
        """Of scikit-learn."""
        import sklearn

        return str(sklearn.__version__)

    def read_sample(self, value: Any) -> tuple[Sample, list[str]]:
        """Checked against the columns of the training data."""
        return read_rows(
            check_columns(
                value, list(getattr(self.model, "feature_names_in_", [])), getattr(self.model, "n_features_in_", None)
            )
        )

    def attempts(self, sample: Sample) -> Sequence[Attempt]:
        """float32 first: it is what most converters are made for."""
        integers = isinstance(sample, Table) and "integer" in sample.kinds.values()
        whole = isinstance(sample, Matrix) and sample.array.dtype.kind in "iub"
        is_text = isinstance(sample, Texts) or (isinstance(sample, Matrix) and sample.is_text)
        if is_text:
            return [FLOAT32]
        return [FLOAT32, *([INTEGERS_AS_FLOAT] if integers else []), *([INTEGERS] if whole else []), FLOAT64]

    def convert(self, sample: Sample, attempt: Attempt) -> Converted:
        """With skl2onnx. Raises what it raises."""
        model = self._convert(sample, attempt)
        if attempt is FLOAT64:
            model = with_float_trees(model)
        names = [output.name for output in model.graph.output]
        if self.layout.task != "classification":
            return Converted(model, self.layout, value_outputs=tuple(names[: len(self._value_calls())]))
        if self.labels is not None:
            model = rename_classes(model, names[0], self.labels)
        mirrored = any(node.op_type == "SVMClassifier" for node in model.graph.node)
        score = names[1] if self.layout.score_kind != "none" and len(names) > 1 else None
        return Converted(model, self.layout, label_outputs=names[0], score_output=score, mirrored=mirrored)

    def ask(self, sample: Sample) -> Answers:
        """predict, and predict_proba or decision_function."""
        X, model = sample.native, self.model
        if self.layout.task != "classification":
            return Answers(values={name: _two_axes(call(X)) for name, call in self._value_calls().items()})
        return Answers(labels=self._labels(np.asarray(model.predict(X))), scores=self._scores(X))

    def _labels(self, predicted: Any) -> list[list[Any]]:
        if len(self.layout.classes) > 1:
            return [labels_of(predicted[:, target]) for target in range(predicted.shape[1])]
        found = labels_of(predicted)
        return [[self.labels[int(label)] for label in found] if self.labels is not None else found]

    def _scores(self, X: Any) -> list[Any]:
        kind = self.layout.score_kind
        if kind == "none":
            return []
        scores = self.model.predict_proba(X) if kind == "probabilities" else self.model.decision_function(X)
        tables = scores if isinstance(scores, list) else [scores]
        return [np.asarray(table, np.float64).reshape(len(table), -1) for table in tables]

    def _layout(self) -> Layout:
        from sklearn.base import is_classifier, is_regressor

        model = self.model
        if not is_classifier(model):
            if self.labels is not None:
                raise UnsupportedModelError(
                    f"labels are given, but {type(model).__name__} is no classifier.", "Leave labels out."
                )
            return Layout("regression" if is_regressor(model) else "raw")
        classes = _classes_of(model, self.labels)
        if hasattr(model, "predict_proba"):
            return Layout("classification", classes, "probabilities")
        if hasattr(model, "decision_function") and len(classes) == 1:
            return Layout("classification", classes, "scores", one_decision_value=len(classes[0]) == 2)
        return Layout("classification", classes)

    def _value_calls(self) -> dict[str, Any]:
        """What the outputs of a model without classes are, by the names that skl2onnx gives them."""
        from sklearn.base import is_clusterer, is_outlier_detector, is_regressor

        model = self.model
        if is_regressor(model):
            return {"variable": model.predict}
        if is_clusterer(model) and hasattr(model, "transform"):
            return {"label": model.predict, "scores": model.transform}
        if is_outlier_detector(model):
            return {"label": model.predict, "scores": model.decision_function}
        if hasattr(model, "transform"):
            return {"variable": model.transform}
        raise UnsupportedModelError(
            f"{type(model).__name__} neither predicts nor transforms.", "Give the fitted estimator or pipeline."
        )

    def _convert(self, sample: Sample, attempt: Attempt) -> ModelProto:
        _refuse_splits_on_missing_values(self.model)
        has_boosting = _register_boosting()
        opset = BOOSTING_OPSET if has_boosting and _has_boosting(self.model) else TARGET_OPSET
        if isinstance(sample, Table) and sample.is_numeric and not _picks_columns(self.model):
            matrix = [("X", _number_type(attempt, whole=False)([None, len(sample.kinds)]))]
            return split_matrix_input(self._to_onnx(matrix, opset), sample.feature_names)
        return self._to_onnx(_initial_types(sample, attempt), opset)

    def _to_onnx(self, initial_types: list[tuple[str, Any]], opset: dict[str, int]) -> ModelProto:
        from skl2onnx import convert_sklearn

        options = {id(self.model): {"zipmap": False}} if self.layout.task == "classification" else None
        try:
            converted = convert_sklearn(self.model, initial_types=initial_types, target_opset=opset, options=options)
        except NameError:
            # This classifier knows no such option: the runtime copes with what it writes.
            converted = convert_sklearn(self.model, initial_types=initial_types, target_opset=opset)
        model = ModelProto()
        model.CopyFrom(converted)
        return model


def _refuse_splits_on_missing_values(model: Any) -> None:
    """Trees that split missing values from all others have an infinite threshold, on which skl2onnx never ends."""
    for step in _steps(model):
        tree = getattr(step, "tree_", None)
        if tree is not None and not np.isfinite(tree.threshold).all():
            raise ConversionError(
                f"trees of {type(model).__name__} split on whether a value is missing, which has no ONNX form.",
                IMPUTE_FIRST,
            )


def _unwrapped(model: Any) -> Any:
    """A search is served by the best estimator it found."""
    best = getattr(model, "best_estimator_", None)
    return model if best is None else best


def _classes_of(model: Any, labels: tuple[Any, ...] | None) -> tuple[tuple[Any, ...], ...]:
    classes = model.classes_
    several = isinstance(classes, list)
    found = tuple(tuple(plain_label(label) for label in group) for group in (classes if several else [classes]))
    if labels is None:
        return found
    if several or found[0] != tuple(range(len(labels))):
        raise UnsupportedModelError(
            f"labels are given, but the model has classes of its own: {', '.join(map(str, found[0][:5]))}.",
            f"Leave labels out, or train with the classes 0 to {len(labels) - 1}.",
        )
    return (tuple(labels),)


def _two_axes(values: Any) -> Any:
    array = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
    return array.reshape(len(array), 1) if array.ndim == 1 else array


def _initial_types(sample: Sample, attempt: Attempt) -> list[tuple[str, Any]]:
    from skl2onnx.common.data_types import StringTensorType

    if isinstance(sample, Texts):
        return [("text", StringTensorType([None, 1]))]
    if isinstance(sample, Matrix):
        kind = StringTensorType if sample.is_text else _number_type(attempt, whole=attempt is INTEGERS)
        return [("X", kind([None, sample.array.shape[1]]))]
    assert isinstance(sample, Table)
    keeps_integers = attempt is FLOAT32
    return [
        (
            name,
            StringTensorType([None, 1])
            if kind == "text"
            else _number_type(attempt, whole=kind == "integer" and keeps_integers)([None, 1]),
        )
        for name, kind in sample.kinds.items()
    ]


def _number_type(attempt: Attempt, *, whole: bool) -> Any:
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, Int64TensorType

    if whole:
        return Int64TensorType
    return DoubleTensorType if attempt is FLOAT64 else FloatTensorType


def _steps(model: Any) -> list[Any]:
    """The model and everything inside it that is fitted."""
    found, waiting = [], [model]
    while waiting:
        step = waiting.pop()
        found.append(step)
        for name in (
            "steps",
            "transformers_",
            "transformer_list",
            "estimators_",
            "estimators",
            "calibrated_classifiers_",
        ):
            entries = getattr(step, name, None)
            if isinstance(entries, np.ndarray):
                entries = list(entries.ravel())
            if isinstance(entries, list):
                waiting += [
                    part
                    for entry in entries
                    for part in (entry if isinstance(entry, tuple) else (entry,))
                    if hasattr(part, "get_params")
                ]
        inner = getattr(step, "estimator", None)
        if hasattr(inner, "get_params"):
            waiting.append(inner)
    return found


def _picks_columns(model: Any) -> bool:
    return any(type(step).__name__ == "ColumnTransformer" for step in _steps(model))


def _has_boosting(model: Any) -> bool:
    return any(type(step).__module__.split(".")[0] in ("xgboost", "lightgbm") for step in _steps(model))


def _register_boosting() -> bool:
    """Lets skl2onnx convert XGBoost and LightGBM inside of pipelines, where they are installed."""
    if importlib.util.find_spec("onnxmltools") is None:
        return False
    from .boosting_in_pipelines import register

    register()
    return True
