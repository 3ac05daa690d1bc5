"""CatBoost, which writes ONNX itself."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ..answers import Answers, Layout, labels_of
from ..errors import UnsupportedModelError
from ..samples.sample import Sample
from .boosting import FLOAT32, class_layout, finished, numbers_of, read_numbers
from .exporter import Attempt, Converted, ExportOptions, Extra

EXTRA = Extra("catboost", "exporting a CatBoost model", ("catboost",))


class CatBoostExporter:
    """A fitted CatBoostClassifier or CatBoostRegressor."""

    framework = "CatBoost"

    def __init__(self, model: Any, options: ExportOptions) -> None:
        EXTRA.require()
        self.model = model
        self.labels = options.labels
        if model.get_cat_feature_indices() or model.get_text_feature_indices():
            raise UnsupportedModelError(
                "the model has categorical or text features, which CatBoost cannot write as ONNX.",
                "Encode them as numbers before the model (a scikit-learn OrdinalEncoder or OneHotEncoder), and train without cat_features.",
            )
        names = [str(name) for name in model.feature_names_ or []]
        self.names = [] if names == [str(position) for position in range(len(names))] else names
        self.layout = self._layout()

    def version(self) -> str:
        """Of catboost."""
        import catboost

        return str(catboost.__version__)

    def read_sample(self, value: Any) -> tuple[Sample, list[str]]:
        """Numbers, in the columns of the training data."""
        return read_numbers(value, self.names, len(self.model.feature_names_ or []), self.framework)

    def attempts(self, sample: Sample) -> Sequence[Attempt]:
        """CatBoost computes in float32."""
        return [FLOAT32]

    def convert(self, sample: Sample, attempt: Attempt) -> Converted:
        """By CatBoost; its label output is right for classes 0 and 1 only, which the serving runtime puts right."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            self.model.save_model(str(path), format="onnx")
            model = onnx.load(str(path))
        converted = finished(model, self.layout, sample, None)
        if self.layout.task != "classification":
            return converted
        return Converted(converted.model, self.layout, label_outputs=None, score_output=converted.score_output)

    def ask(self, sample: Sample) -> Answers:
        """predict and predict_proba."""
        X = numbers_of(sample)
        if self.layout.task != "classification":
            return Answers(values={"predictions": np.asarray(self.model.predict(X)).reshape(len(sample), -1)})
        scores = np.asarray(self.model.predict_proba(X), np.float64)
        return Answers(labels=[labels_of(self.model.predict(X))], scores=[scores])

    def _layout(self) -> Layout:
        if self.labels is not None:
            raise UnsupportedModelError(
                "labels are given, but CatBoost keeps its own.",
                "Train with the labels as classes: model.fit(X, names[y]).",
            )
        if not hasattr(self.model, "predict_proba"):
            return Layout("regression")
        return class_layout(self.model.classes_, None)
