"""XGBoost: the classes of its scikit-learn interface, and bare boosters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..answers import Answers, Layout, labels_of
from ..errors import UnsupportedModelError
from ..samples.sample import Sample
from .boosting import FLOAT32, OPSET, class_layout, finished, numbers_of, read_numbers
from .exporter import Attempt, Converted, ExportOptions, Extra

EXTRA = Extra("xgboost", "exporting an XGBoost model", ("xgboost", "onnxmltools", "skl2onnx"))


class XGBoostExporter:
    """A fitted XGBClassifier, XGBRegressor or Booster."""

    framework = "XGBoost"

    def __init__(self, model: Any, options: ExportOptions) -> None:
        EXTRA.require()
        self.labels = options.labels
        self.model = _with_interface(model)
        self.names = self.model.get_booster().feature_names or []
        self.layout = self._layout()

    def version(self) -> str:
        """Of xgboost."""
        import xgboost

        return str(xgboost.__version__)

    def read_sample(self, value: Any) -> tuple[Sample, list[str]]:
        """Numbers, in the columns of the training data."""
        return read_numbers(value, self.names, self.model.get_booster().num_features(), self.framework)

    def attempts(self, sample: Sample) -> Sequence[Attempt]:
        """XGBoost computes in float32."""
        return [FLOAT32]

    def convert(self, sample: Sample, attempt: Attempt) -> Converted:
        """With onnxmltools, which wants features called f0, f1, ..."""
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType

        booster = self.model.get_booster()
        kept_names, kept_types = booster.feature_names, booster.feature_types
        try:
            booster.feature_names = None
            booster.feature_types = None
            inputs = [("X", FloatTensorType([None, booster.num_features()]))]
            onnx = onnxmltools.convert_xgboost(self.model, initial_types=inputs, target_opset=OPSET)
        finally:
            booster.feature_names, booster.feature_types = kept_names, kept_types
        return finished(onnx, self.layout, sample, self.labels)

    def ask(self, sample: Sample) -> Answers:
        """predict and predict_proba."""
        X = numbers_of(sample)
        if self.names:
            X = _named(X, self.names)
        if self.layout.task != "classification":
            return Answers(values={"variable": np.asarray(self.model.predict(X)).reshape(len(sample), -1)})
        scores = np.asarray(self.model.predict_proba(X), np.float64)
        classes = self.layout.classes[0]
        labels = (
            labels_of(self.model.predict(X))
            if self.labels is None
            else [classes[best] for best in scores.argmax(axis=1)]
        )
        return Answers(labels=[labels], scores=[scores])

    def _layout(self) -> Layout:
        if not hasattr(self.model, "predict_proba"):
            if self.labels is not None:
                raise UnsupportedModelError("labels are given, but the model is no classifier.", "Leave labels out.")
            return Layout("regression")
        return class_layout(self.model.classes_, self.labels)


def _named(X: Any, names: Sequence[str]) -> Any:
    import pandas as pd

    return pd.DataFrame(X, columns=list(names))


def _with_interface(model: Any) -> Any:
    """A bare booster becomes the classifier or regressor that its objective says."""
    import xgboost

    if not isinstance(model, xgboost.Booster):
        return model
    objective = json.loads(model.save_config())["learner"]["learner_train_param"]["objective"]
    is_classifier = objective.startswith(("binary:logistic", "multi:"))
    found = xgboost.XGBClassifier() if is_classifier else xgboost.XGBRegressor()
    found.load_model(bytearray(model.save_raw("ubj")))
    return found
