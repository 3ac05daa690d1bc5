"""What can go wrong, by who must act. Every message says what was found, then the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .report import ExportReport


IMPUTE_FIRST = (
    "Put an imputer before it, so that the model never sees a missing value: make_pipeline(SimpleImputer(), model), and train it again; "
    "or leave rows with missing values out of the sample, if none will be asked about."
)
"""The way out where trees have learned what to do with missing values."""


class ModelDeploymentError(Exception):
    """Base of all errors of this package. `problem` is one sentence, `way_out` what to do about it."""

    def __init__(self, problem: str, way_out: str) -> None:
        super().__init__(f"{problem}\n{way_out}")
        self.problem = problem
        self.way_out = way_out


class ExportError(ModelDeploymentError):
    """The model was not exported; nothing was written and nothing was uploaded."""


class SampleError(ExportError):
    """The sample rows are not what the model takes: other columns, no rows, values that JSON cannot carry."""


class UnsupportedModelError(ExportError):
    """No converter knows this kind of model."""


class ConversionError(ExportError):
    """The framework's converter refused the model, or onnxruntime refused what it wrote."""


class MissingExtraError(ExportError):
    """A package that this model needs is not installed. The way out is the pip line."""


class ModelFileError(ExportError):
    """A model file cannot be read: not a model, another version, a class that is not there."""


class UntrustedFileError(ModelFileError):
    """Reading the file would run code from it, and nobody said that it may."""


class UploadError(ExportError):
    """The model was exported, but not (or not wholly) uploaded. What was served before still is."""


class MismatchError(ExportError):
    """The converted model does not answer as the original does. `report` has the numbers."""

    def __init__(self, problem: str, way_out: str, report: ExportReport) -> None:
        super().__init__(problem, way_out)
        self.report = report


class MissingValuesMismatchError(MismatchError):
    """They differ where values are missing, and only there."""


class TextMismatchError(MismatchError):
    """They differ on text with letters beyond ASCII, and only there."""


class DeployError(ModelDeploymentError):
    """The object was not applied, or does not become ready. `reason` is that of its status, where it has one."""

    def __init__(self, problem: str, way_out: str, reason: str | None = None) -> None:
        super().__init__(problem, way_out)
        self.reason = reason


class PredictError(ModelDeploymentError):
    """The endpoint refused a request or cannot be reached. `code` is the server's, `status` that of HTTP."""

    def __init__(self, problem: str, way_out: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(problem, way_out)
        self.status = status
        self.code = code
