"""What each framework's file says about its models."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from onnx import ModelProto

from ..answers import Answers, Label, Layout
from ..errors import MissingExtraError
from ..samples.sample import Sample

Activation = Literal["none", "softmax", "sigmoid"]


@dataclass(frozen=True)
class ExportOptions:
    """What the user says about the model, beyond the model."""

    labels: tuple[Label, ...] | None = None
    activation: Activation = "none"


@dataclass(frozen=True)
class Converted:
    """An ONNX model, and how its outputs are read."""

    model: ModelProto
    layout: Layout
    label_outputs: str | None = None
    """The output with the labels; None: the class of the largest number."""
    score_output: str | None = None
    value_outputs: tuple[str, ...] = ()
    """Outputs of a regressor or a raw model, in order."""
    mirrored: bool = False
    """Of two columns of decision values the first is the one of the second class."""
    data_folder: Path | None = None
    """Where the weights lie that the model keeps in files of their own."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attempt:
    """One way of converting. The next one is tried when this one fails or answers differently."""

    name: str
    note: str | None = None
    """What a user should know if this one is used."""


class Exporter(Protocol):
    """Converts the models of one framework and asks the originals."""

    framework: str
    """As in `framework 1.2.3` of the report."""

    def version(self) -> str:
        """Of the framework."""

    def read_sample(self, value: Any) -> tuple[Sample, list[str]]:
        """@returns rows for this model, and notes. @raises SampleError."""

    def attempts(self, sample: Sample) -> Sequence[Attempt]:
        """Ways to convert, the best one first."""

    def convert(self, sample: Sample, attempt: Attempt) -> Converted:
        """@raises ExportError, or whatever the framework's converter raises."""

    def ask(self, sample: Sample) -> Answers:
        """What the original says. Raises what the original raises."""


@dataclass
class Extra:
    """An optional dependency group of this package."""

    name: str
    what_for: str
    modules: tuple[str, ...] = field(default=())

    def require(self) -> None:
        """@raises MissingExtraError with the pip line."""
        for module in self.modules:
            try:
                importlib.import_module(module)
            except ImportError as error:
                if error.name is not None and error.name.split(".")[0] != module.split(".")[0]:
                    raise
                raise MissingExtraError(
                    f"{self.what_for} needs the package {module}, which is not installed.",
                    f'pip install "modeldeployment[{self.name}]"',
                ) from error


def module_names(model: Any) -> set[str]:
    """Top-level modules of the classes that a model is of: tells the framework without importing any."""
    return {ancestor.__module__.split(".")[0] for ancestor in type(model).__mro__}
