"""What is refused, with which reason and which way out; nothing is written then."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from data import iris, passengers
from modeldeployment import (
    ConversionError,
    ExportError,
    MismatchError,
    MissingExtraError,
    MissingValuesMismatchError,
    SampleError,
    TextMismatchError,
    UnsupportedModelError,
    export,
)


def _twice(X: Any) -> Any:
    return X * 2


def _fitted() -> LogisticRegression:
    X, y, names = iris()
    return LogisticRegression(max_iter=1000).fit(X, names[y])


def test_a_forest_that_is_asked_about_missing_values_is_refused(tmp_path: Path) -> None:
    X, y, _ = iris()
    model = RandomForestClassifier(20, random_state=1).fit(X, y)
    X = X.copy()
    X[::5, 2] = np.nan
    with pytest.raises(MissingValuesMismatchError, match="SimpleImputer") as refused:
        export(model, X, tmp_path / "model", progress=False)
    assert refused.value.report.largest_difference > 0.1
    assert not (tmp_path / "model").exists()


def test_a_forest_that_splits_on_missing_values_is_refused(tmp_path: Path) -> None:
    X, y, _ = iris()
    X = X.copy()
    X[::5, 2] = np.nan
    model = RandomForestClassifier(20, random_state=1).fit(X, y)
    with pytest.raises(ConversionError, match="SimpleImputer"):
        export(model, X, tmp_path, progress=False)


def test_the_way_out_of_missing_values_works(tmp_path: Path) -> None:
    X, y, _ = iris()
    X = X.copy()
    X[::5, 2] = np.nan
    export(
        make_pipeline(SimpleImputer(), RandomForestClassifier(20, random_state=1)).fit(X, y),
        X,
        tmp_path,
        progress=False,
    )


def test_a_forest_with_complete_rows_is_told_of_missing_values(tmp_path: Path) -> None:
    X, y, _ = iris()
    report = export(RandomForestClassifier(20, random_state=1).fit(X, y), X, tmp_path, progress=False)
    assert any("SimpleImputer" in note for note in report.notes)


ACCENTS = ["café crème", "naïve idea", "Größe zählt", "plain words", "other words", "über alles"]


def test_text_with_accents_that_is_split_otherwise_is_refused(tmp_path: Path) -> None:
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10)).fit(ACCENTS, [1, 0, 1, 0, 0, 1])
    with pytest.raises(TextMismatchError, match="token_pattern"):
        export(model, ACCENTS, tmp_path, progress=False)


def test_numbers_that_float32_cannot_hold_become_float64(tmp_path: Path) -> None:
    seconds = np.arange(1.7e9, 1.7e9 + 200).reshape(-1, 1)
    model = LinearRegression().fit(seconds, (seconds[:, 0] - 1.7e9) * 3)
    report = export(model, seconds, tmp_path, progress=False)
    assert report.inputs == ("X float64",)
    assert any("float64" in note for note in report.notes)


def test_a_difference_can_be_accepted(tmp_path: Path) -> None:
    X, y, _ = iris()
    # Its leaves are float32 in ONNX, whatever goes in.
    forest = RandomForestClassifier(7, random_state=1).fit(X, y)
    with pytest.raises(MismatchError, match="tolerance=") as refused:
        export(forest, X, tmp_path, tolerance=1e-12, progress=False)
    assert "✗ sample" in str(refused.value)
    export(forest, X, tmp_path, tolerance=1e-5, progress=False)


FRAME, TARGET = passengers(40)
BAD_SAMPLES: dict[str, tuple[Any, str]] = {
    "one row": (iris()[0][0], "one row, not a list of rows"),
    "too few columns": (iris()[0][:, :2], "2 columns, the model was trained with 4"),
    "no rows": (iris()[0][:0], "shape"),
    "text": ([["a", "b", "c", "d"]], "the model itself refuses the sample"),
    "text and numbers": (np.array([["a", 1.0, 2.0, 3.0]], dtype=object), "mixes text and numbers"),
}


@pytest.mark.parametrize("name", BAD_SAMPLES)
def test_bad_samples_are_refused(name: str, tmp_path: Path) -> None:
    sample, message = BAD_SAMPLES[name]
    with pytest.raises(SampleError, match=message):
        export(_fitted(), sample, tmp_path, progress=False)


def _of_frame() -> LogisticRegression:
    frame = FRAME[["fare", "siblings"]]
    return LogisticRegression().fit(frame, TARGET)


BAD_FRAMES: dict[str, tuple[Any, str]] = {
    "a column is missing": (FRAME[["fare"]], "lacks 'siblings'"),
    "another case": (FRAME[["fare", "siblings"]].rename(columns={"fare": "Fare"}), "Did you call it 'Fare'"),
    "a column too much": (FRAME[["fare", "siblings", "sex"]], "--drop 'sex'"),
    "no rows": (FRAME[["fare", "siblings"]].head(0), "no rows"),
    "dates": (FRAME[["fare"]].assign(siblings=pd.Timestamp("2026-01-01")), "holds dates"),
    "lists": (FRAME[["fare"]].assign(siblings=[[1]] * 40), "values of the type list"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_bad_data_frames_are_refused(name: str, tmp_path: Path) -> None:
    sample, message = BAD_FRAMES[name]
    with pytest.raises(SampleError, match=message):
        export(_of_frame(), sample, tmp_path, progress=False)


def test_columns_may_come_in_another_order(tmp_path: Path) -> None:
    report = export(_of_frame(), FRAME[["siblings", "fare"]], tmp_path, progress=False)
    assert report.inputs == ("fare float32", "siblings float32")


def test_a_step_without_an_onnx_form_is_named(tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(_twice), LogisticRegression(max_iter=1000)).fit(iris()[0], iris()[1])
    with pytest.raises(ConversionError, match="FunctionTransformer"):
        export(model, iris()[0], tmp_path, progress=False)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match=r"builtins\.dict is no model"):
        export({"weights": [1]}, iris()[0], tmp_path, progress=False)


def test_a_missing_extra_names_the_pip_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skl2onnx", None)
    with pytest.raises(MissingExtraError, match=r'pip install "modeldeployment\[sklearn\]"'):
        export(_fitted(), iris()[0], tmp_path, progress=False)


def test_the_folder_of_another_model_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_bytes(b"")
    with pytest.raises(ExportError, match="holds another model"):
        export(_fitted(), iris()[0], tmp_path, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["other.onnx"]


def test_what_an_earlier_export_left_is_removed(tmp_path: Path) -> None:
    X = iris()[0]
    export(_fitted(), X, tmp_path, progress=False)
    assert (tmp_path / "labels.json").exists()
    export(LinearRegression().fit(X, X[:, 0]), X, tmp_path, progress=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["features.json", "golden.json", "model.onnx"]


def test_golden_rows_are_of_every_class_and_carry_the_tolerance(tmp_path: Path) -> None:
    export(_fitted(), iris()[0], tmp_path, progress=False)
    golden = json.loads((tmp_path / "golden.json").read_text())
    assert {answer["label"] for answer in golden["predictions"]} == {"setosa", "versicolor", "virginica"}
    assert golden["tolerance"] == 1e-4
    assert len(golden["instances"]) == len(golden["predictions"]) == 8


def test_the_report_reads_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = export(_fitted(), iris()[0], tmp_path)
    assert "✓ sample             150 rows: same" in str(report)
    assert "<table>" in report._repr_html_()
    assert "✓ convert and compare: 150 rows, largest difference" in capsys.readouterr().err


def test_the_model_is_not_changed(tmp_path: Path) -> None:
    model = _fitted()
    before = pickle.dumps(model)
    export(model, iris()[0], tmp_path, progress=False)
    assert pickle.dumps(model) == before
