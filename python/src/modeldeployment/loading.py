"""Model files as the frameworks write them."""

from __future__ import annotations

import importlib
import pickle
import sys
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import ModelFileError, UntrustedFileError
from .frameworks.exporter import Extra
from .session import first_line

PICKLES = (".pkl", ".pickle", ".joblib", ".sav")
TORCH = (".pt", ".pth", ".bin")

PACKAGES = {
    "sklearn": "scikit-learn", "skl2onnx": "skl2onnx", "cv2": "opencv-python", "PIL": "pillow", "yaml": "pyyaml",
    "imblearn": "imbalanced-learn", "category_encoders": "category-encoders",
}  # fmt: skip
"""Modules whose package has another name."""


def load_model(path: Path, *, trust: bool, module: str | None = None) -> Any:
    """
    Read a trained model.

    @param path `.pkl`, `.pickle`, `.joblib` (run code: only with `trust`); `.pt`, `.pth` (tensors only, unless `trust`);
      `.json`, `.ubj` of XGBoost; `.txt` of LightGBM; `.cbm` of CatBoost
    @param module `package.module:name` of what makes the network that a state dict belongs to: a class, or a function without arguments
    @raises ModelFileError, UntrustedFileError, MissingExtraError
    """
    if not path.is_file():
        raise ModelFileError(f"there is no file {path}.", "Name the file that the training wrote.")
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        return _load_pickle(path, trust)
    if suffix in TORCH:
        return _load_torch(path, trust, module)
    native: dict[str, Callable[[Path], Any]] = {
        ".json": _load_xgboost,
        ".ubj": _load_xgboost,
        ".txt": _load_lightgbm,
        ".cbm": _load_catboost,
    }
    if suffix in native:
        return native[suffix](path)
    if suffix == ".onnx":
        raise ModelFileError(
            f"{path} is ONNX already.", "Upload it as it is; modeldeployment serve tells whether it can be served."
        )
    known = ", ".join((*PICKLES, *TORCH, *native))
    raise ModelFileError(
        f"{path}: {suffix or 'a file without extension'} says nothing about what it is.", f"Known are {known}."
    )


def _load_pickle(path: Path, trust: bool) -> Any:
    _demand_trust(path, trust)
    with _readable_errors(path), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if path.suffix.lower() == ".joblib":
            Extra("sklearn", "reading a joblib file", ("joblib",)).require()
        model = _unpickle(path)
    _refuse_other_versions(path, caught)
    return model


def _unpickle(path: Path) -> Any:
    try:
        # It reads plain pickles too, and what it wrote itself is often called .pkl.
        import joblib
    except ImportError:
        with path.open("rb") as file:
            return pickle.load(file)
    return joblib.load(path)


def _demand_trust(path: Path, trust: bool) -> None:
    if trust:
        return
    raise UntrustedFileError(
        f"{path} is a pickle: reading it runs whatever code is in it, with your rights.",
        "If you made it yourself or trust who did, say so: --trust.",
    )


def _refuse_other_versions(path: Path, caught: list[warnings.WarningMessage]) -> None:
    for entry in caught:
        written = getattr(entry.message, "original_sklearn_version", None)
        if written is not None:
            raise ModelFileError(
                f"{path} was written by scikit-learn {written}, and here is {getattr(entry.message, 'current_sklearn_version', 'another')}: "
                "it may answer otherwise than it did.",
                f"pip install scikit-learn=={written}",
            )


def _load_torch(path: Path, trust: bool, module: str | None) -> Any:
    Extra("torch", "reading a PyTorch file", ("torch",)).require()
    import torch

    with _readable_errors(path):
        try:
            found = torch.load(path, map_location="cpu", weights_only=True)
        except (pickle.UnpicklingError, RuntimeError) as error:
            if _is_script(path):
                return torch.jit.load(str(path), map_location="cpu")
            if "weights_only" not in str(error) and not isinstance(error, pickle.UnpicklingError):
                raise
            _demand_trust(path, trust)
            found = torch.load(path, map_location="cpu", weights_only=False)
    if isinstance(found, torch.nn.Module):
        return found
    return _with_weights(path, found, module)


def _is_script(path: Path) -> bool:
    import zipfile

    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any("/code/" in name or name.endswith("constants.pkl") for name in archive.namelist())


def _with_weights(path: Path, found: Any, module: str | None) -> Any:
    """A state dict needs the network that it belongs to."""
    if isinstance(found, dict):
        found = found.get("state_dict", found.get("model_state_dict", found))
    if module is None:
        raise ModelFileError(
            f"{path} holds weights only (a state dict), not the network that they belong to.",
            "Say what makes the network: --module mypackage.nets:Net (a class or function that needs no arguments).",
        )
    network = _make(module)
    try:
        network.load_state_dict(found)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise ModelFileError(
            f"the weights of {path} do not belong to {module}: {first_line(error)}",
            "Name the class that they were trained with.",
        ) from error
    return network


def _make(module: str) -> Any:
    name, _, attribute = module.partition(":")
    # As python -m does: the user's own modules lie in the current folder.
    sys.path.insert(0, str(Path.cwd()))
    try:
        return getattr(importlib.import_module(name), attribute)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{module} cannot be made: {first_line(error)}",
            "Write package.module:name, with the module in the current folder or installed.",
        ) from error
    finally:
        sys.path.remove(str(Path.cwd()))


def _load_xgboost(path: Path) -> Any:
    Extra("xgboost", "reading an XGBoost model", ("xgboost",)).require()
    import xgboost

    with _readable_errors(path):
        booster = xgboost.Booster()
        booster.load_model(str(path))
        return booster


def _load_lightgbm(path: Path) -> Any:
    Extra("lightgbm", "reading a LightGBM model", ("lightgbm",)).require()
    import lightgbm

    with _readable_errors(path):
        return lightgbm.Booster(model_file=str(path))


def _load_catboost(path: Path) -> Any:
    Extra("catboost", "reading a CatBoost model", ("catboost",)).require()
    import catboost

    with _readable_errors(path):
        model = catboost.CatBoost()
        model.load_model(str(path))
        is_classifier = bool(len(model.classes_))
        found = catboost.CatBoostClassifier() if is_classifier else catboost.CatBoostRegressor()
        found.load_model(str(path))
        return found


@contextmanager
def _readable_errors(path: Path) -> Any:
    try:
        yield
    except (ModelFileError, KeyboardInterrupt):
        raise
    except ModuleNotFoundError as error:
        package = PACKAGES.get((error.name or "").split(".")[0], (error.name or "?").split(".")[0])
        raise ModelFileError(
            f"{path} needs the module {error.name}, which is not here.",
            f"pip install {package}; if it is a module of your own, run this where it can be imported.",
        ) from error
    except AttributeError as error:
        raise ModelFileError(
            f"{path} holds something of a class that cannot be found here: {first_line(error)}",
            "It was written by a script or notebook that defined the class itself, or by another version of its library. "
            "Put the class into a module that both import, or call modeldeployment.export(model, ...) where the model was trained.",
        ) from error
    except (
        ImportError,
        ValueError,
        TypeError,
        KeyError,
        EOFError,
        OSError,
        RuntimeError,
        pickle.UnpicklingError,
    ) as error:
        raise ModelFileError(
            f"{path} cannot be read: {first_line(error)}",
            "Install the versions that wrote it, or check that the file is whole.",
        ) from error
    except Exception as error:
        # XGBoost, LightGBM and CatBoost have errors of their own, without a common base.
        raise ModelFileError(
            f"{path} cannot be read: {first_line(error)}", "Check that the file is whole and of the kind its name says."
        ) from error
