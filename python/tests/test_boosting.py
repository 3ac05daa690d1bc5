"""XGBoost, LightGBM and CatBoost, alone and inside of pipelines, beside what the runtime serves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from conftest import Served
from data import iris, passengers, two_classes
from modeldeployment import SampleError, UnsupportedModelError, export

Serve = Callable[..., Served]


def _xgboost() -> Any:
    return xgboost.XGBClassifier(n_estimators=6, max_depth=3, random_state=1)


def _lightgbm() -> Any:
    return lightgbm.LGBMClassifier(n_estimators=6, max_depth=3, min_child_samples=5, random_state=1, verbose=-1)


def _catboost() -> Any:
    return catboost.CatBoostClassifier(
        iterations=6, depth=3, random_seed=1, verbose=0, thread_count=1, allow_writing_files=False
    )


CLASSIFIERS: dict[str, Callable[[], Any]] = {"xgboost": _xgboost, "lightgbm": _lightgbm, "catboost": _catboost}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_of_named_columns(name: str, tmp_path: Path, serve: Serve) -> None:
    X, y, _ = iris()
    frame = pd.DataFrame(X.astype(np.float32), columns=["sepal length", "sepal width", "petal length", "X"])
    model = CLASSIFIERS[name]().fit(frame, y)
    report = export(model, frame, tmp_path, progress=False)
    assert [given.split(" float")[0] for given in report.inputs] == list(frame.columns)
    served = serve(tmp_path)
    columns = [f"probabilities.{label}" for label in (0, 1, 2)]
    np.testing.assert_allclose(served.client.predict(frame)[columns], model.predict_proba(frame), atol=1e-4)
    (answer,) = served.post({"instances": [dict.fromkeys(frame.columns, 1.5)]})["predictions"]
    assert set(answer["probabilities"]) == {"0", "1", "2"}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_binary_classifier_of_an_array(name: str, tmp_path: Path, serve: Serve) -> None:
    X, y = two_classes()
    target = (y == "virginica").astype(int) if name == "xgboost" else y
    model = CLASSIFIERS[name]().fit(X.astype(np.float32), target)
    labels = ["versicolor", "virginica"] if name == "xgboost" else None
    export(model, X, tmp_path, labels=labels, progress=False)
    found = serve(tmp_path).client.predict(X)
    np.testing.assert_allclose(
        found["probabilities.virginica"], model.predict_proba(X.astype(np.float32))[:, 1], atol=1e-4
    )
    assert set(found["label"]) == {"versicolor", "virginica"}


REGRESSORS: dict[str, Callable[[], Any]] = {
    "xgboost": lambda: xgboost.XGBRegressor(n_estimators=6, max_depth=3, random_state=1),
    "lightgbm": lambda: lightgbm.LGBMRegressor(
        n_estimators=6, max_depth=3, min_child_samples=5, random_state=1, verbose=-1
    ),
    "catboost": lambda: catboost.CatBoostRegressor(
        iterations=6, depth=3, random_seed=1, verbose=0, thread_count=1, allow_writing_files=False
    ),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_a_regressor(name: str, tmp_path: Path, serve: Serve) -> None:
    X = iris()[0].astype(np.float32)
    model = REGRESSORS[name]().fit(X[:, :3], X[:, 3])
    export(model, X[:, :3], tmp_path, progress=False)
    np.testing.assert_allclose(
        serve(tmp_path).client.predict(X[:, :3])["prediction"], model.predict(X[:, :3]), atol=1e-4
    )


@pytest.mark.parametrize("name", ["xgboost", "lightgbm"])
def test_the_last_step_of_a_pipeline_with_words(name: str, tmp_path: Path, serve: Serve) -> None:
    frame, y = passengers()
    frame = frame.assign(**{"Age (years)": frame["Age (years)"].fillna(30.0)})
    target = (y == "survived").astype(int)
    encode = ColumnTransformer(
        [
            ("n", StandardScaler(), ["Age (years)", "fare"]),
            ("w", OneHotEncoder(handle_unknown="ignore"), ["sex", "port"]),
        ]
    )
    model = make_pipeline(encode, CLASSIFIERS[name]()).fit(frame, target)
    export(model, frame, tmp_path, progress=False)
    np.testing.assert_allclose(
        serve(tmp_path).client.predict(frame)["probabilities.1"], model.predict_proba(frame)[:, 1], atol=1e-4
    )


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_missing_values_that_the_training_had(name: str, tmp_path: Path) -> None:
    X, y, _ = iris()
    X = X.astype(np.float32)
    X[::7, 2] = np.nan
    report = export(CLASSIFIERS[name]().fit(X, y), X, tmp_path, progress=False)
    (missing,) = [check for check in report.checks if check.kind == "missing"]
    assert missing.must_match


def test_bare_boosters(tmp_path: Path) -> None:
    X, y, _ = iris()
    X = X.astype(np.float32)
    for number, model in enumerate((_xgboost().fit(X, y).get_booster(), _lightgbm().fit(X, y).booster_)):
        assert export(model, X, tmp_path / str(number), progress=False).labels == (0, 1, 2)


def test_categories_of_catboost_are_refused_with_a_way_out() -> None:
    frame, y = passengers()
    model = _catboost().fit(frame[["sex", "fare"]], y, cat_features=["sex"])
    with pytest.raises(UnsupportedModelError, match="OrdinalEncoder"):
        export(model, frame[["sex", "fare"]], "unused", progress=False)


def test_categories_of_lightgbm_are_refused_with_a_way_out() -> None:
    frame, y = passengers()
    frame = frame[["sex", "fare"]].astype({"sex": "category"})
    with pytest.raises(SampleError, match="takes numbers only"):
        export(_lightgbm().fit(frame, y), frame, "unused", progress=False)
