"""LightGBM: the classes of its scikit-learn interface, and bare boosters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..answers import Answers, Layout, labels_of
from ..errors import UnsupportedModelError
from ..samples.sample import Sample
from .boosting import FLOAT32, OPSET, class_layout, finished, numbers_of, read_numbers
from .exporter import Attempt, Converted, ExportOptions, Extra

EXTRA = Extra("lightgbm", "exporting a LightGBM model", ("lightgbm", "onnxmltools", "skl2onnx"))


class LightGBMExporter:
    """A fitted LGBMClassifier, LGBMRegressor or Booster."""

    framework = "LightGBM"

    def __init__(self, model: Any, options: ExportOptions) -> None:
        EXTRA.require()
        self.model = model
        self.labels = options.labels
        self.booster = getattr(model, "booster_", model)
        names = list(self.booster.feature_name())
        # What LightGBM calls columns that had no names.
        self.names = [] if names == [f"Column_{position}" for position in range(len(names))] else names
        self.layout = self._layout()

    def version(self) -> str:
        """Of lightgbm."""
        import lightgbm

        return str(lightgbm.__version__)

    def read_sample(self, value: Any) -> tuple[Sample, list[str]]:
        """Numbers, in the columns of the training data."""
        return read_numbers(value, self._names_in(value), self.booster.num_feature(), self.framework)

    def _names_in(self, value: Any) -> list[str]:
        """LightGBM writes the spaces of column names as underscores."""
        given = {str(name).replace(" ", "_"): str(name) for name in getattr(value, "columns", ())}
        return [given.get(name, name) for name in self.names]

    def attempts(self, sample: Sample) -> Sequence[Attempt]:
        """The converter knows float32 only."""
        return [FLOAT32]

    def convert(self, sample: Sample, attempt: Attempt) -> Converted:
        """With onnxmltools."""
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType

        inputs = [("X", FloatTensorType([None, self.booster.num_feature()]))]
        onnx = onnxmltools.convert_lightgbm(self.model, initial_types=inputs, target_opset=OPSET, zipmap=False)
        return finished(onnx, self.layout, sample, self.labels)

    def ask(self, sample: Sample) -> Answers:
        """The booster's own predictions, on the float32 that requests carry."""
        raw = np.asarray(self.booster.predict(numbers_of(sample).astype(np.float64)), np.float64)
        if self.layout.task != "classification":
            return Answers(values={"variable": raw.reshape(len(sample), -1)})
        scores = np.stack([1 - raw, raw], axis=1) if raw.ndim == 1 else raw
        classes = self.layout.classes[0]
        return Answers(labels=[labels_of([classes[best] for best in scores.argmax(axis=1)])], scores=[scores])

    def _layout(self) -> Layout:
        objective = str(self.booster.params.get("objective") or self.booster.dump_model()["objective"]).split()[0]
        if not objective.startswith(("binary", "multiclass")):
            if self.labels is not None:
                raise UnsupportedModelError(f"labels are given, but the objective is {objective}.", "Leave labels out.")
            return Layout("regression")
        count = max(2, self.booster.num_model_per_iteration())
        return class_layout(getattr(self.model, "classes_", range(count)), self.labels)
