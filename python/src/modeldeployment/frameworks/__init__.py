"""Which framework a model is of."""

from __future__ import annotations

from typing import Any

from ..errors import UnsupportedModelError
from .exporter import Exporter, ExportOptions, module_names

__all__ = ["exporter_for"]


def exporter_for(model: Any, options: ExportOptions) -> Exporter:
    """@raises UnsupportedModelError, MissingExtraError."""
    modules = module_names(model)
    # Their own classes derive from scikit-learn's, so they come first.
    if "xgboost" in modules:
        from .xgboost import XGBoostExporter

        return XGBoostExporter(model, options)
    if "lightgbm" in modules:
        from .lightgbm import LightGBMExporter

        return LightGBMExporter(model, options)
    if "catboost" in modules:
        from .catboost import CatBoostExporter

        return CatBoostExporter(model, options)
    if "torch" in modules:
        from .torch import TorchExporter

        return TorchExporter(model, options)
    if "sklearn" in modules or hasattr(model, "get_params"):
        from .sklearn import SklearnExporter

        return SklearnExporter(model, options)
    raise UnsupportedModelError(
        f"{type(model).__module__}.{type(model).__name__} is no model of scikit-learn, XGBoost, LightGBM, CatBoost or PyTorch.",
        "Give the fitted model or pipeline itself; for other frameworks write ONNX with their own exporter and upload that file.",
    )
