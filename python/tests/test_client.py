"""The client against the real runtime, and against a server that is busy first."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from conftest import Served
from data import iris, passengers
from modeldeployment import Client, PredictError, export

COLUMNS = ["fare", "siblings", "sex"]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Any, pd.DataFrame]]:
    frame, y = passengers()
    model = make_pipeline(
        ColumnTransformer([("w", OneHotEncoder(), ["sex"])], remainder="passthrough"), LogisticRegression(max_iter=1000)
    )
    model.fit(frame[COLUMNS], y)
    folder = tmp_path_factory.mktemp("pipeline")
    export(model, frame[COLUMNS], folder, progress=False)
    served = Served(folder)
    yield served, model, frame
    served.stop()


def test_the_index_stays_and_other_columns_are_left_out(pipeline: tuple[Served, Any, pd.DataFrame]) -> None:
    served, model, frame = pipeline
    rows = frame.iloc[5:9].rename(index=lambda number: f"row {number}")
    found = served.client.predict(rows)
    assert list(found.index) == list(rows.index)
    np.testing.assert_allclose(found["probabilities.lost"], model.predict_proba(rows[COLUMNS])[:, 0], atol=1e-5)


def test_many_rows_go_in_several_requests(pipeline: tuple[Served, Any, pd.DataFrame]) -> None:
    served, model, frame = pipeline
    found = Client(served.url, rows_per_request=7).predict(frame)
    np.testing.assert_allclose(found["probabilities.lost"], model.predict_proba(frame[COLUMNS])[:, 0], atol=1e-5)


REFUSED: dict[str, tuple[Callable[[pd.DataFrame], Any], str]] = {
    "a missing column": (lambda frame: frame[["fare", "sex"]], "'siblings' is missing"),
    "another case": (lambda frame: frame.rename(columns={"sex": "Sex"}), "Did you call it 'Sex'"),
    "numbers for text": (lambda frame: frame.assign(sex=1), "takes text, not 1"),
    "text for numbers": (lambda frame: frame.assign(fare="cheap"), "takes numbers"),
    "a fraction": (lambda frame: frame.assign(siblings=0.5), "takes whole numbers"),
    "an array": (lambda frame: frame.to_numpy(), "the model has 3 inputs"),
    "no rows": (lambda frame: frame.head(0), "no rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_rows_that_do_not_fit_are_refused(name: str, pipeline: tuple[Served, Any, pd.DataFrame]) -> None:
    served, _, frame = pipeline
    change, message = REFUSED[name]
    with pytest.raises(PredictError, match=message):
        served.client.predict(change(frame[COLUMNS]))


def test_the_servers_words_come_through(pipeline: tuple[Served, Any, pd.DataFrame]) -> None:
    served, _, frame = pipeline
    with pytest.raises(PredictError, match="no-such-model") as refused:
        Client(served.url, "no-such-model").predict(frame)
    assert (refused.value.status, refused.value.code) == (404, "UnknownModel")


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(PredictError, match=r"http://127\.0\.0\.1:1 does not answer.*\n.*port-forward"):
        Client("127.0.0.1:1", retries=0).predict([[1.0]])


def test_warnings_of_the_server_become_warnings(tmp_path: Path, serve: Callable[..., Served]) -> None:
    X, y, _ = iris()
    export(RandomForestClassifier(5, random_state=1).fit(X, y), X, tmp_path, progress=False)
    with pytest.warns(UserWarning, match="missing values"):
        serve(tmp_path).client.predict([[1.0, np.nan, 1.0, 1.0]])


class Busy(BaseHTTPRequestHandler):
    """Answers a few times with 429 or 503, then with a number."""

    refusals: ClassVar[list[int]] = []
    asked_at: ClassVar[list[float]] = []

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        models: dict[str, Any] = {"models": ["m"]}
        one = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 1]}], "properties": {"task": "regression"}}
        self._answer(200, models if self.path.endswith("/models") else one)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked_at.append(time.monotonic())
        if self.refusals:
            status = self.refusals.pop(0)
            self._answer(
                status,
                {"error": "busy", "code": "Overloaded" if status == 429 else "ModelNotReady"},
                {"Retry-After": "1"},
            )
            return
        self._answer(200, {"outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 1], "data": [42]}]})

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def busy() -> Iterator[str]:
    Busy.asked_at = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_after_the_time_it_says(busy: str, status: int) -> None:
    Busy.refusals = [status]
    assert Client(busy).predict([[1.0]])["prediction"].tolist() == [42]
    first, second = Busy.asked_at
    assert second - first >= 1.0


def test_a_server_that_stays_busy_is_given_up(busy: str) -> None:
    Busy.refusals = [429] * 2
    with pytest.raises(PredictError, match="busy") as refused:
        Client(busy, retries=1).predict([[1.0]])
    assert (refused.value.status, refused.value.code) == (429, "Overloaded")
