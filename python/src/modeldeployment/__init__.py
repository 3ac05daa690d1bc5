"""From a trained model to an HTTP endpoint: `export` it with a proof, `deploy` it, ask it with a `Client`."""

from .deploying import deploy
from .errors import (
    ConversionError,
    DeployError,
    ExportError,
    MismatchError,
    MissingExtraError,
    MissingValuesMismatchError,
    ModelDeploymentError,
    ModelFileError,
    PredictError,
    SampleError,
    TextMismatchError,
    UnsupportedModelError,
    UntrustedFileError,
    UploadError,
)
from .exporting import export
from .prediction.client import Client
from .proof import Check
from .report import ExportReport, Uploaded

__all__ = [
    "Check",
    "Client",
    "ConversionError",
    "DeployError",
    "ExportError",
    "ExportReport",
    "MismatchError",
    "MissingExtraError",
    "MissingValuesMismatchError",
    "ModelDeploymentError",
    "ModelFileError",
    "PredictError",
    "SampleError",
    "TextMismatchError",
    "UnsupportedModelError",
    "UntrustedFileError",
    "UploadError",
    "Uploaded",
    "deploy",
    "export",
]

__version__ = "0.1.0"
