"""PyTorch modules."""

from __future__ import annotations

import inspect
import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from ..answers import Answers, Layout, ScoreKind, from_scores
from ..errors import SampleError, UnsupportedModelError
from ..graph import forget_paths
from ..samples import is_frame
from ..samples.sample import Sample
from ..samples.tensors import Tensors
from .exporter import Activation, Attempt, Converted, ExportOptions, Extra

EXTRA = Extra("torch", "exporting a PyTorch module", ("torch", "onnxscript"))

DYNAMO = Attempt("torch.export")
SCRIPT = Attempt("TorchScript", "torch.export refused the module, so the older exporter wrote it")
MAX_INLINE_BYTES = 1 << 30
"""Weights beyond 1 GiB go into a file of their own: an ONNX file cannot have 2 GiB."""


class TorchExporter:
    """A module whose inputs and outputs have the rows on axis 0."""

    framework = "PyTorch"

    def __init__(self, model: Any, options: ExportOptions) -> None:
        EXTRA.require()
        self.labels = options.labels
        if options.activation != "none" and options.labels is None:
            raise UnsupportedModelError(
                f"activation is {options.activation!r}, but there are no labels.",
                'Name the classes: labels=["cat", "dog"].',
            )
        self.notes = ["the module was in training mode; it is exported in evaluation mode"] if model.training else []
        self.model = _with_activation(model, options.activation)
        self.is_wrapped = options.activation != "none"
        self.arguments = _arguments(model)
        self.kind: ScoreKind = "none" if options.activation == "none" else "probabilities"
        self.layout = Layout("raw")
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def version(self) -> str:
        """Of torch."""
        import torch

        return str(torch.__version__)

    def read_sample(self, value: Any) -> tuple[Sample, list[str]]:
        """A tensor or array, a tuple of them in the order of `forward`, or a mapping by the names of its arguments."""
        sample = Tensors.read(self._by_argument(value))
        if self.labels is not None:
            self.layout = self._class_layout(sample.take([0, 0]))
        return sample, list(self.notes)

    def attempts(self, sample: Sample) -> Sequence[Attempt]:
        """The new exporter, then the old one."""
        return [DYNAMO, SCRIPT]

    def convert(self, sample: Sample, attempt: Attempt) -> Converted:
        """With torch.onnx. Any number of rows can be asked for later."""
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "model.onnx"
        outputs = self._output_names(sample)
        with warnings.catch_warnings(), _quiet(logging.getLogger("torch.onnx")):
            warnings.simplefilter("ignore")
            self._export(sample, attempt, path, outputs)
        is_large = (path.with_name("model.onnx.data")).exists()
        model = onnx.load(str(path), load_external_data=False)
        forget_paths(model)
        folder = Path(self._folder.name) if is_large else None
        if self.labels is None:
            return Converted(model, self.layout, value_outputs=tuple(outputs), data_folder=folder)
        return Converted(model, self.layout, score_output=outputs[0], data_folder=folder)

    def ask(self, sample: Sample) -> Answers:
        """The module in evaluation mode, without gradients."""
        outputs = self._run(sample)
        if self.labels is None:
            return Answers(values=dict(zip(self._output_names(sample), outputs, strict=True)))
        return from_scores(self.layout, np.asarray(outputs[0], np.float64).reshape(len(sample), -1))

    def _class_layout(self, sample: Sample) -> Layout:
        """@raises UnsupportedModelError when the labels do not fit the module's numbers."""
        labels = tuple(self.labels or ())
        numbers = int(np.prod(self._run(sample)[0].shape[1:]))
        if numbers == len(labels):
            return Layout("classification", (labels,), self.kind)
        if numbers == 1 and len(labels) == 2:
            # One logit for two classes.
            return Layout("classification", (labels,), self.kind, one_decision_value=self.kind == "none")
        raise UnsupportedModelError(
            f"the module gives {numbers} numbers a row, but there are {len(labels)} labels.",
            "Give one label for each number, in their order.",
        )

    def _run(self, sample: Sample) -> list[Any]:
        import torch

        tensors = [torch.from_numpy(np.ascontiguousarray(array)) for array in sample.native.values()]
        with torch.no_grad():
            result = self.model(*tensors)
        found = (
            list(result.values())
            if isinstance(result, Mapping)
            else list(result)
            if isinstance(result, (tuple, list))
            else [result]
        )
        return [value.detach().cpu().numpy() for value in found]

    def _output_names(self, sample: Sample) -> list[str]:
        count = len(self._run(sample.take([0, 0])))
        if self.labels is not None:
            first = "probabilities" if self.kind == "probabilities" else "logits"
            return [first, *(f"output_{position}" for position in range(1, count))]
        return ["output"] if count == 1 else [f"output_{position}" for position in range(count)]

    def _export(self, sample: Sample, attempt: Attempt, path: Path, outputs: list[str]) -> None:
        import torch

        # A batch of one would be taken for a constant.
        rows = sample.take([0, len(sample) - 1])
        arguments = tuple(torch.from_numpy(np.ascontiguousarray(array)) for array in rows.native.values())
        names = list(rows.native)
        axes: Any = tuple({0: torch.export.Dim.DYNAMIC} for _ in names)
        if attempt is SCRIPT:
            named = {name: {0: "batch"} for name in (*names, *outputs)}
            torch.onnx.export(
                self.model,
                arguments,
                str(path),
                dynamo=False,
                input_names=names,
                output_names=outputs,
                dynamic_axes=named,
            )
            return
        torch.onnx.export(
            self.model,
            arguments,
            str(path),
            dynamo=True,
            verbose=False,
            external_data=self._weight_bytes() > MAX_INLINE_BYTES,
            input_names=names,
            output_names=outputs,
            dynamic_shapes=(axes,) if self.is_wrapped else axes,
        )

    def _weight_bytes(self) -> int:
        values = (*self.model.parameters(), *self.model.buffers())
        return sum(value.numel() * value.element_size() for value in values)

    def _by_argument(self, value: Any) -> dict[str, Any]:
        if isinstance(value, Mapping):
            unknown = [name for name in value if name not in self.arguments]
            if unknown:
                raise SampleError(
                    f"the module takes no argument {unknown[0]!r}, but {', '.join(self.arguments)}.", "Use these names."
                )
            return {name: _array(value[name]) for name in self.arguments if name in value}
        values = value if isinstance(value, tuple) else (value,)
        if len(values) > len(self.arguments):
            raise SampleError(
                f"the sample has {len(values)} inputs, the module takes {len(self.arguments)}.",
                "Give a tuple in their order.",
            )
        return {name: _array(entry) for name, entry in zip(self.arguments, values, strict=False)}


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """What the exporter says about other packages that are not installed helps nobody."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _array(value: Any) -> Any:
    if is_frame(value):
        value = value.to_numpy()
    array = value.detach().cpu().numpy() if hasattr(value, "detach") else np.asarray(value)
    # Lists and DataFrames of Python's floats are meant as what networks compute in.
    return array.astype(np.float32) if array.dtype == np.float64 and not hasattr(value, "detach") else array


def _arguments(model: Any) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):
        return ["x"]
    # nn.Sequential calls its argument `input`.
    return [parameter.name for parameter in parameters if parameter.kind in kinds] or ["x"]


def _with_activation(model: Any, activation: Activation) -> Any:
    """The activation becomes part of the file: whoever serves it needs no setting for it."""
    import torch

    model.eval()
    if activation == "none":
        return model

    class WithActivation(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = model

        def forward(self, *inputs: Any) -> Any:
            outputs = self.network(*inputs)
            first, rest = (outputs[0], tuple(outputs[1:])) if isinstance(outputs, (tuple, list)) else (outputs, ())
            probabilities = torch.softmax(first, dim=1) if activation == "softmax" else torch.sigmoid(first)
            return (probabilities, *rest) if rest else probabilities

    return WithActivation().eval()
