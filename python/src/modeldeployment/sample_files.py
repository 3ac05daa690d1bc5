"""Samples as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .errors import SampleError
from .frameworks.exporter import Extra


def read_sample_file(path: Path) -> Any:
    """`.csv` and `.parquet` as a DataFrame, `.npy` as an array, `.npz` as arrays by name. @raises SampleError, MissingExtraError."""
    if not path.is_file():
        raise SampleError(
            f"there is no file {path}.",
            "Save some rows of the training data: X.head(200).to_csv('sample.csv', index=False).",
        )
    suffix = path.suffix.lower()
    try:
        if suffix == ".npy":
            return np.load(path, allow_pickle=False)
        if suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return dict(archive)
        if suffix in (".csv", ".parquet"):
            return _read_frame(path)
    except (ValueError, OSError) as error:
        raise SampleError(
            f"{path} cannot be read: {error}", "Check that the file is whole and what its name says."
        ) from error
    raise SampleError(
        f"{path}: samples are .csv, .parquet, .npy or .npz.",
        "Save them so: X.head(200).to_csv('sample.csv', index=False).",
    )


def _read_frame(path: Path) -> Any:
    Extra("pandas", f"reading {path.suffix} files", ("pandas",)).require()
    import pandas

    if path.suffix.lower() == ".parquet":
        return pandas.read_parquet(path)
    frame = pandas.read_csv(path)
    unnamed = [name for name in frame.columns[:1] if str(name).startswith("Unnamed: 0")]
    # The index that to_csv writes unless it is told not to.
    return frame.drop(columns=unnamed)
