"""Uploads to the real emulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.cloud import storage
from sklearn.linear_model import LinearRegression, LogisticRegression

from conftest import Served
from data import iris
from modeldeployment import UploadError, export, gcs


def _model() -> Any:
    X, y, names = iris()
    return LogisticRegression(max_iter=1000).fit(X, names[y])


def _names(bucket: str) -> list[str]:
    return sorted(blob.name for blob in storage.Client().list_blobs(bucket))


def test_a_model_goes_to_its_prefix_and_is_served_from_there(bucket: str, serve: Callable[..., Served]) -> None:
    report = export(_model(), iris()[0], f"gs://{bucket}/teams/iris/", progress=False)
    assert report.uploaded is not None
    assert report.uploaded.path == f"gs://{bucket}/teams/iris/"
    assert _names(bucket) == [
        f"teams/iris/{name}" for name in ("features.json", "golden.json", "labels.json", "model.onnx")
    ]
    newest = max(storage.Client().list_blobs(bucket), key=lambda blob: blob.generation)
    assert (newest.name, str(newest.generation)) == ("teams/iris/model.onnx", report.uploaded.generation)
    found = serve(report.uploaded.path).client.predict(iris()[0])
    np.testing.assert_allclose(found["probabilities.setosa"], _model().predict_proba(iris()[0])[:, 0], atol=1e-4)


def test_files_of_an_earlier_export_go(bucket: str) -> None:
    X = iris()[0]
    export(_model(), X, f"gs://{bucket}/m", progress=False)
    export(LinearRegression().fit(X, X[:, 0]), X, f"gs://{bucket}/m", progress=False)
    assert _names(bucket) == ["m/features.json", "m/golden.json", "m/model.onnx"]


def test_a_broken_upload_leaves_what_was_there(bucket: str, tmp_path: Path) -> None:
    X = iris()[0]
    first = export(_model(), X, f"gs://{bucket}/m/", progress=False)
    export(LinearRegression().fit(X, X[:, 0]), X, tmp_path, progress=False)
    paths = [tmp_path / "golden.json", tmp_path / "model.onnx"]

    def break_off(detail: str) -> None:
        if detail.startswith("model.onnx"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gcs.upload(paths, f"gs://{bucket}/m/", break_off)
    assert first.uploaded is not None
    assert _names(bucket) == ["m/features.json", "m/golden.json", "m/labels.json", "m/model.onnx"]
    generations = [blob.generation for blob in storage.Client().list_blobs(bucket)]
    assert str(max(generations)) == first.uploaded.generation


def test_another_model_below_the_prefix_is_not_touched(bucket: str) -> None:
    storage.Client().bucket(bucket).blob("m/other.onnx").upload_from_string(b"x")
    with pytest.raises(UploadError, match=r"holds another model, other\.onnx"):
        export(_model(), iris()[0], f"gs://{bucket}/m/", progress=False)
    assert _names(bucket) == ["m/other.onnx"]


BAD_PLACES = {
    "gs://UPPER/m": "no place in a bucket",
    "gs://": "no place in a bucket",
    "gs://models/m/model.onnx": "Name the folder: gs://models/m/",
    "gs://no-such-bucket/m/": "there is no bucket",
}


@pytest.mark.parametrize("place", BAD_PLACES)
def test_bad_places_are_refused(place: str, bucket: str) -> None:
    with pytest.raises(UploadError, match=BAD_PLACES[place]):
        export(_model(), iris()[0], place, progress=False)


def test_an_unreachable_service_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    monkeypatch.setattr(gcs, "RETRY_FOR_S", 0.1)
    with pytest.raises(UploadError, match="STORAGE_EMULATOR_HOST"):
        export(_model(), iris()[0], "gs://models/m/", progress=False)
