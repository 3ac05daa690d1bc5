"""Trains the models of the benchmarks and writes, per model, the exporter's file untouched and what the library itself answers.

    python export_models.py [--pickles FOLDER] [--check]

Beside this script: NAME.onnx.br and NAME.golden.json.br (brotli), which `make bench` reads without Python. The same versions
(requirements.txt) give the same bytes. `--pickles` writes only NAME.pkl, the trained object itself, for servers that load it; it fails when
the committed .onnx is not the one of this training.
"""
from __future__ import annotations

import argparse
import json
import pickle
import sys
from pathlib import Path

import brotli
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).parent
GOLDEN_ROWS = 1000
FEATURES = 30
TRAIN_ROWS = 3600


def table(classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training rows and labels, and rows the models never saw; four decimals, as exported data has them."""
    X, y = make_classification(TRAIN_ROWS + GOLDEN_ROWS, FEATURES, n_informative=12, n_classes=classes, random_state=7)
    X = X.round(4).astype(np.float32)
    return X[:TRAIN_ROWS], y[:TRAIN_ROWS], X[TRAIN_ROWS:]


def passengers(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.RandomState(seed)
    return pd.DataFrame({
        "age": rng.uniform(1, 80, rows).round(1).astype(np.float32),
        "fare": rng.gamma(2, 15, rows).round(2).astype(np.float32),
        "siblings": rng.poisson(0.5, rows).astype(np.float32),
        "sex": rng.choice(["female", "male"], rows).astype(object),
        "embarked": rng.choice(["C", "Q", "S"], rows).astype(object),
        "ticket": rng.choice(["first", "second", "third"], rows).astype(object),
    })


def random_forest():
    X, y, rows = table(3)
    return RandomForestClassifier(100, random_state=7).fit(X, y), rows


def logistic_regression():
    X, y, rows = table(3)
    return LogisticRegression(max_iter=1000).fit(X, y), rows


def lightgbm():
    from lightgbm import LGBMClassifier
    X, y, rows = table(2)
    return LGBMClassifier(n_estimators=200, random_state=7, n_jobs=1, deterministic=True, verbose=-1).fit(X, y), rows


def columns():
    frame = passengers(TRAIN_ROWS, 5)
    rng = np.random.RandomState(6)
    y = np.where((frame.sex == "female") ^ (rng.rand(len(frame)) < 0.2), "survived", "lost")
    prepare = ColumnTransformer([("numbers", StandardScaler(), ["age", "fare", "siblings"]),
                                 ("words", OneHotEncoder(handle_unknown="ignore"), ["sex", "embarked", "ticket"])])
    return make_pipeline(prepare, LogisticRegression()).fit(frame, y), passengers(GOLDEN_ROWS, 8)


MODELS = {"random-forest": random_forest, "logistic-regression": logistic_regression, "lightgbm": lightgbm, "columns": columns}


def to_onnx_bytes(name: str, model, rows) -> bytes:
    """What the exporter makes with its own settings: ZipMap stays."""
    if name == "lightgbm":
        from onnxmltools import convert_lightgbm
        from onnxmltools.convert.common.data_types import FloatTensorType
        onx = convert_lightgbm(model, initial_types=[("X", FloatTensorType([None, FEATURES]))])
    else:
        from skl2onnx import to_onnx
        onx = to_onnx(model, rows[:1])
    onx.graph.name = name       # skl2onnx names it at random, and orders these by chance
    opsets = sorted(onx.opset_import, key=lambda opset: opset.domain)
    del onx.opset_import[:]
    onx.opset_import.extend(opsets)
    return onx.SerializeToString(deterministic=True)


def shortest(value) -> object:
    """float32 as its shortest decimal, strings as they are."""
    return float(str(value)) if isinstance(value, np.float32) else str(value)


def golden(model, rows) -> bytes:
    if isinstance(rows, pd.DataFrame):
        instances = [{k: shortest(v) for k, v in zip(rows.columns, row)} for row in zip(*(rows[c].to_numpy() for c in rows.columns))]
    else:
        instances = [[shortest(v) for v in row] for row in rows]
    probabilities = [[float(f"{p:.7g}") for p in row] for row in model.predict_proba(rows)]
    labels = [label.item() if isinstance(label, np.generic) else str(label) for label in model.classes_]
    return json.dumps({"labels": labels, "rows": instances, "probabilities": probabilities}, separators=(",", ":")).encode()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pickles", type=Path)
    options = parser.parse_args()
    for name, train in MODELS.items():
        model, rows = train()
        file = HERE / f"{name}.onnx.br"
        onx = to_onnx_bytes(name, model, rows)
        if options.pickles:
            if brotli.decompress(file.read_bytes()) != onx:
                sys.exit(f"{file.name} is not what this training gives: install requirements.txt, or run without --pickles and commit")
            (options.pickles / f"{name}.pkl").write_bytes(pickle.dumps(model))
            continue
        file.write_bytes(brotli.compress(onx))
        (HERE / f"{name}.golden.json.br").write_bytes(brotli.compress(golden(model, rows)))
        print(f"{name}: {len(onx)} bytes, {file.stat().st_size} compressed")


if __name__ == "__main__":
    main()
