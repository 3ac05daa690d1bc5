"""`python -m modeldeployment`, as typed."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import joblib
import lightgbm
import pandas as pd
import pytest
import xgboost
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from conftest import Served
from data import iris, passengers
from modeldeployment.cli import main


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _pickled(target: str = "species") -> None:
    X, y, names = iris()
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    with Path("model.pkl").open("wb") as file:
        pickle.dump(LogisticRegression(max_iter=1000).fit(frame, names[y]), file)
    frame.assign(**{target: names[y]}).to_csv("sample.csv", index=False)


def test_a_pickle_needs_trust(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _pickled()
    assert main(["export", "model.pkl", "--sample", "sample.csv", "--to", "model"]) == 1
    message = capsys.readouterr().err
    assert message.startswith("UntrustedFileError: model.pkl is a pickle: reading it runs whatever code is in it")
    assert "--trust" in message
    assert not (here / "model").exists()


def test_the_code_of_a_pickle_does_not_run_without_trust(here: Path) -> None:
    class Payload:
        def __reduce__(self) -> Any:
            return Path.touch, (here / "ran",)

    (here / "model.pkl").write_bytes(pickle.dumps(Payload()))
    (here / "sample.csv").write_text("a\n1\n")
    assert main(["export", "model.pkl", "--sample", "sample.csv", "--to", "model"]) == 1
    assert not (here / "ran").exists()


def test_a_pickle_and_a_csv_become_a_served_model(
    here: Path, serve: Callable[..., Served], capsys: pytest.CaptureFixture[str]
) -> None:
    _pickled()
    arguments = [sys.executable, "-m", "modeldeployment", "export", "model.pkl", "--sample", "sample.csv", "--trust"]
    done = subprocess.run(
        [*arguments, "--drop", "species", "--to", "model"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "✓ sample" in done.stdout
    assert serve(here / "model").client.labels == ["setosa", "versicolor", "virginica"]


def test_the_target_among_the_columns_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _pickled()
    assert main(["export", "model.pkl", "--sample", "sample.csv", "--to", "model", "--trust"]) == 1
    assert "--drop 'species'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["model.joblib", "model.pkl"])
def test_a_joblib_file_of_texts(here: Path, name: str) -> None:
    texts = ["good food", "bad food", "good place", "bad place"]
    model = make_pipeline(TfidfVectorizer(token_pattern="[a-z]+"), LogisticRegression()).fit(texts, [1, 0, 1, 0])
    joblib.dump(model, name)
    pd.DataFrame({"text": texts}).to_csv("sample.csv", index=False)
    assert main(["export", name, "--sample", "sample.csv", "--to", "model", "--trust"]) == 0


def _xgboost(X: Any, y: Any) -> str:
    xgboost.XGBClassifier(n_estimators=3).fit(X, y).save_model("model.json")
    return "model.json"


def _lightgbm(X: Any, y: Any) -> str:
    lightgbm.LGBMClassifier(n_estimators=3, min_child_samples=5, verbose=-1).fit(X, y).booster_.save_model("model.txt")
    return "model.txt"


def _catboost(X: Any, y: Any) -> str:
    catboost.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False).fit(X, y).save_model("model.cbm")
    return "model.cbm"


@pytest.mark.parametrize("save", [_xgboost, _lightgbm, _catboost])
def test_native_files_need_no_trust(save: Callable[[Any, Any], str], here: Path, serve: Callable[..., Served]) -> None:
    X, y, _ = iris()
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    file = save(frame, y)
    frame.to_csv("sample.csv", index=False)
    assert main(["export", file, "--sample", "sample.csv", "--to", "model"]) == 0
    assert serve(here / "model").client.labels == [0, 1, 2]


def _write(name: str, content: bytes) -> None:
    Path(name).write_bytes(content)


def _of_another_version() -> bytes:
    state = LogisticRegression(max_iter=1000).fit(*iris()[:2])
    return pickle.dumps(state).replace(b"1.8.0", b"1.2.2")


def _of_a_missing_module() -> bytes:
    return b"\x80\x04cno_such_module\nModel\n."


def _of_a_missing_class() -> bytes:
    return b"\x80\x04cbuiltins\nNoSuchModel\n."


BAD_FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "another version": ("model.pkl", _of_another_version, "pip install scikit-learn==1.2.2"),
    "a missing module": ("model.pkl", _of_a_missing_module, "pip install no_such_module"),
    "a missing class": ("model.pkl", _of_a_missing_class, "a class that cannot be found here"),
    "half a pickle": ("model.pkl", lambda: pickle.dumps([1, 2, 3])[:-4], "cannot be read"),
    "no XGBoost": ("model.json", lambda: b"{}", "cannot be read"),
    "no LightGBM": ("model.txt", lambda: b"hello", "cannot be read"),
    "no CatBoost": ("model.cbm", lambda: b"hello", "cannot be read"),
    "ONNX": ("model.onnx", lambda: b"", "is ONNX already"),
    "something else": ("model.h5", lambda: b"", "Known are .pkl"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_model_files_are_refused(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, content, message = BAD_FILES[name]
    _write(file, content())
    _write("sample.csv", b"a,b,c,d\n1,2,3,4\n")
    assert main(["export", file, "--sample", "sample.csv", "--to", "model", "--trust"]) == 1
    assert message in capsys.readouterr().err


BAD_ARGUMENTS: dict[str, tuple[list[str], str]] = {
    "no model": (["none.pkl", "--sample", "sample.csv"], "there is no file none.pkl"),
    "no sample": (["model.pkl", "--sample", "none.csv"], "there is no file none.csv"),
    "an unknown sample": (["model.pkl", "--sample", "model.pkl"], "samples are .csv"),
    "an unknown column": (["model.pkl", "--sample", "sample.csv", "--drop", "no"], "the sample has no such column"),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_bad_arguments_are_refused(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _pickled()
    arguments, message = BAD_ARGUMENTS[name]
    assert main(["export", *arguments, "--to", "model", "--trust"]) == 1
    assert message in capsys.readouterr().err


def test_without_a_command_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "export" in capsys.readouterr().out


def test_the_index_that_pandas_writes_is_no_column(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame, y = passengers()
    with Path("model.pkl").open("wb") as file:
        pickle.dump(LogisticRegression().fit(frame[["fare"]], y), file)
    frame[["fare"]].to_csv("sample.csv")
    assert main(["export", "model.pkl", "--sample", "sample.csv", "--to", "model", "--trust"]) == 0
    assert "300 rows: same" in capsys.readouterr().out
