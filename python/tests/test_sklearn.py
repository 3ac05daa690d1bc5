"""Every estimator of the table is exported, served by the real runtime, and asked beside its original."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, LinearSVC

from conftest import Served
from data import iris, passengers, two_classes
from modeldeployment import export

Serve = Callable[..., Served]


def _lr() -> LogisticRegression:
    return LogisticRegression(max_iter=1000)


PROBABILITIES = {
    "logistic regression": _lr(),
    "random forest": RandomForestClassifier(10, random_state=1),
    "gradient boosting": GradientBoostingClassifier(n_estimators=5, random_state=1),
    "naive bayes": GaussianNB(),
    "neighbours": KNeighborsClassifier(3),
    "network": MLPClassifier((8,), max_iter=300, random_state=1),
    "svc with probabilities": SVC(probability=True, random_state=1),
    "calibrated": CalibratedClassifierCV(LinearSVC(random_state=1), cv=2),
    "pipeline": make_pipeline(StandardScaler(), PCA(3, random_state=1), _lr()),
    "stacking": StackingClassifier([("tree", RandomForestClassifier(3, random_state=1)), ("lr", _lr())]),
    "grid search": GridSearchCV(_lr(), {"C": [0.1, 1.0]}, cv=2),
}


@pytest.mark.parametrize("name", PROBABILITIES)
def test_classifiers_answer_with_their_probabilities(name: str, tmp_path: Path, serve: Serve) -> None:
    X, y, names = iris()
    model = PROBABILITIES[name].fit(X, names[y])
    report = export(model, X, tmp_path, progress=False)
    assert report.largest_difference <= report.tolerance
    found = serve(tmp_path).client.predict(X)
    columns = [f"probabilities.{label}" for label in model.classes_]
    assert list(found.columns) == ["label", *columns]
    np.testing.assert_allclose(found[columns], model.predict_proba(X), atol=1e-4)
    assert (found["label"] == model.predict(X)).mean() > 0.99


SCORES = {
    "svc of two": (SVC(), True),
    "svc of three": (SVC(), False),
    "linear svc of two": (LinearSVC(random_state=1), True),
    "linear svc of three": (LinearSVC(random_state=1), False),
    "ridge of two": (RidgeClassifier(), True),
    "perceptron of two": (Perceptron(random_state=1), True),
    "perceptron of three": (Perceptron(random_state=1), False),
}


@pytest.mark.parametrize("name", SCORES)
def test_decision_values_are_not_called_probabilities(name: str, tmp_path: Path, serve: Serve) -> None:
    model, is_binary = SCORES[name]
    X, y = two_classes() if is_binary else iris()[:2]
    model.fit(X, y)
    export(model, X, tmp_path, progress=False)
    found = serve(tmp_path).client.predict(X)
    shown = model.classes_[1:] if is_binary else model.classes_
    columns = [f"scores.{label}" for label in shown]
    assert list(found.columns) == ["label", *columns]
    np.testing.assert_allclose(found[columns], model.decision_function(X).reshape(len(X), -1), rtol=1e-4, atol=1e-4)


def test_a_pipeline_over_a_data_frame_keeps_its_columns(tmp_path: Path, serve: Serve) -> None:
    frame, y = passengers()
    steps = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["Age (years)", "fare"]),
            ("counts", StandardScaler(), ["siblings", "alone"]),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["sex", "port"]),
        ]
    )
    model = make_pipeline(steps, _lr()).fit(frame, y)
    report = export(model, frame, tmp_path, progress=False)
    assert {check.kind for check in report.checks} >= {"sample", "missing", "unseen", "extremes"}
    assert all(check.agrees for check in report.checks)
    served = serve(tmp_path)
    np.testing.assert_allclose(
        served.client.predict(frame)["probabilities.lost"], model.predict_proba(frame)[:, 0], atol=1e-4
    )
    row = {"Age (years)": None, "fare": 7.25, "siblings": 1, "alone": False, "sex": "female", "port": "never seen"}
    (answer,) = served.post({"instances": [row]})["predictions"]
    assert answer["label"] in ("survived", "lost")


def test_a_forest_over_a_data_frame_with_ordinal_words(tmp_path: Path, serve: Serve) -> None:
    frame, y = passengers()
    frame["Age (years)"] = frame["Age (years)"].fillna(30.0)
    encode = ColumnTransformer(
        [("words", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["sex", "port"])],
        remainder="passthrough",
    )
    model = make_pipeline(encode, RandomForestClassifier(10, random_state=1)).fit(frame, y)
    export(model, frame, tmp_path, progress=False)
    np.testing.assert_allclose(
        serve(tmp_path).client.predict(frame)["probabilities.lost"], model.predict_proba(frame)[:, 0], atol=1e-4
    )


def test_text(tmp_path: Path, serve: Serve) -> None:
    texts = ["good food", "great place good food", "bad service", "awful bad food", "great service", "awful place"]
    model = make_pipeline(TfidfVectorizer(token_pattern="[a-zA-Z0-9_]+"), _lr()).fit(
        texts, ["up", "up", "down", "down", "up", "down"]
    )
    export(model, texts, tmp_path, progress=False)
    asked = ["GOOD service", "awful", ""]
    found = serve(tmp_path).client.predict(asked)
    np.testing.assert_allclose(found["probabilities.up"], model.predict_proba(asked)[:, 1], atol=1e-4)


REGRESSORS: dict[str, Any] = {
    "linear": LinearRegression(),
    "forest": RandomForestRegressor(5, random_state=1),
    "polynomial": make_pipeline(PolynomialFeatures(2), LinearRegression()),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors_answer_with_numbers(name: str, tmp_path: Path, serve: Serve) -> None:
    X = iris()[0]
    model = REGRESSORS[name].fit(X[:, :3], X[:, 3])
    assert export(model, X[:, :3], tmp_path, progress=False).task == "regression"
    found = serve(tmp_path).client.predict(X[:, :3])
    assert list(found.columns) == ["prediction"]
    np.testing.assert_allclose(found["prediction"], model.predict(X[:, :3]), atol=1e-4)


def test_several_targets(tmp_path: Path, serve: Serve) -> None:
    X, y, _ = iris()
    model = MultiOutputClassifier(_lr()).fit(X, np.stack([y, np.where(X[:, 0] > 5.8, 7, 2)], axis=1))
    export(model, X, tmp_path, progress=False)
    found = serve(tmp_path).client.predict(X)
    np.testing.assert_allclose(found["probabilities.1.7"], model.predict_proba(X)[1][:, 1], atol=1e-4)
    assert (found[["label.0", "label.1"]].to_numpy() == model.predict(X)).all()


RAW: dict[str, tuple[Any, list[str]]] = {
    "clusters": (KMeans(3, n_init=3, random_state=1), ["label", "scores.0", "scores.1", "scores.2"]),
    "components": (PCA(2, random_state=1), ["variable.0", "variable.1"]),
    "outliers": (IsolationForest(n_estimators=10, random_state=1), ["label", "scores"]),
}


@pytest.mark.parametrize("name", RAW)
def test_models_without_classes_answer_with_their_outputs(name: str, tmp_path: Path, serve: Serve) -> None:
    model, columns = RAW[name]
    X = iris()[0]
    model.fit(X)
    assert export(model, X, tmp_path, tolerance=1e-3, progress=False).task == "raw"
    assert list(serve(tmp_path).client.predict(X).columns) == columns


def test_booleans_and_floats_as_classes_are_served_as_integers(tmp_path: Path, serve: Serve) -> None:
    X, y, _ = iris()
    export(_lr().fit(X, y == 1), X, tmp_path / "booleans", progress=False)
    assert serve(tmp_path / "booleans").client.labels == [0, 1]
    export(_lr().fit(X, y.astype(float)), X, tmp_path / "floats", progress=False)
    assert serve(tmp_path / "floats").client.labels == [0, 1, 2]


def test_labels_name_the_classes_of_a_model_that_has_numbers_only(tmp_path: Path, serve: Serve) -> None:
    X, y, names = iris()
    report = export(_lr().fit(X, y), X, tmp_path, labels=list(names), progress=False)
    assert report.labels == ("setosa", "versicolor", "virginica")
    assert list(serve(tmp_path).client.predict(X)["label"].unique()) == ["setosa", "versicolor", "virginica"]
