"""The YAML, and what deploy() makes of what kubectl says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modeldeployment import DeployError, deploy
from modeldeployment.cli import main
from modeldeployment.deploying import make_object, name_and_path, to_yaml
from modeldeployment.report import ExportReport, Uploaded

REPORT = ExportReport("scikit-learn 1", "regression", None, (), 1e-4, (), uploaded=Uploaded("gs://models/iris/", "200"))


def test_the_smallest_object_is_written(tmp_path: Path) -> None:
    deploy("iris", "gs://models/iris/", write=tmp_path / "model.yaml", progress=False)
    assert (tmp_path / "model.yaml").read_text() == (
        "apiVersion: modeldeployment.dev/v1alpha1\n"
        "kind: ModelDeployment\n"
        "metadata:\n"
        "  name: iris\n"
        "spec:\n"
        "  model:\n"
        "    path: gs://models/iris/\n"
    )


def test_more_of_the_spec_is_kept_and_quoted_where_yaml_needs_it() -> None:
    spec = {"replicas": 2, "model": {"labels": ["no", "yes", "1"]}, "podLabels": {"team": "a: b"}, "paused": False}
    text = to_yaml(make_object("iris", "gs://models/iris/", spec=spec))
    assert '      -"no"' not in text
    assert '- "no"' in text
    assert "replicas: 2" in text
    assert 'team: "a: b"' in text
    assert "paused: false" in text


@pytest.mark.parametrize("name", ["Iris", "iris_1", "1iris", "iris-", "i" * 64])
def test_names_that_kubernetes_refuses_are_refused(name: str) -> None:
    with pytest.raises(DeployError, match="is no name for a Service"):
        deploy(name, "gs://models/iris/", progress=False)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("gs://models/iris/",), "iris"),
        (("gs://models/iris/model.onnx",), "iris"),
        (("gs://models/Fraud_v2.onnx",), "fraud-v2"),
        (("gs://models/iris/", "cats"), "cats"),
        (("cats", "gs://models/iris/"), "cats"),
        (("gs://models/iris/", "--name", "cats"), "cats"),
    ],
)
def test_the_name_comes_after_the_path_before_it_or_from_it(
    arguments: tuple[str, ...], name: str, tmp_path: Path
) -> None:
    file = tmp_path / "model.yaml"
    assert main(["deploy", *arguments, "--write", str(file)]) == 0
    text = file.read_text("utf-8")
    path = next(argument for argument in arguments if argument.startswith("gs://"))
    assert f"name: {name}\n" in text
    assert path in text


def test_two_names_are_refused() -> None:
    with pytest.raises(DeployError, match="given twice"):
        name_and_path("cats", "gs://models/iris/", "dogs")


def test_a_model_on_this_machine_cannot_be_deployed() -> None:
    report = ExportReport("scikit-learn 1", "regression", None, (), 1e-4, (), directory=Path("model"))
    with pytest.raises(DeployError, match="no pod can read it"):
        deploy("iris", report, progress=False)


def _object(*, reason: str, ready: str = "False", stalled: bool = False, generation: str = "200") -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": ready, "reason": reason, "message": "because."}]
    if stalled:
        conditions.append({"type": "Stalled", "status": "True", "reason": reason, "message": "because."})
    status = {
        "observedGeneration": 1,
        "endpoint": "http://iris",
        "model": {"generation": generation},
        "conditions": conditions,
    }
    return {"metadata": {"generation": 1}, "status": status}


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubectl that notes how it was called, and answers `get` with one file after another, the last one again and again."""
    program = tmp_path / "kubectl"
    program.write_text(
        f'#!/bin/sh\ncd {tmp_path}\necho "$*" >> calls\n'
        'case "$1" in\napply) cat > applied ;;\nget) f=$(ls answer-* | head -1); cat "$f"; [ "$(ls answer-* | wc -l)" = 1 ] || rm "$f" ;;\nesac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


def _answers(folder: Path, *answers: dict[str, Any]) -> None:
    for number, answer in enumerate(answers):
        (folder / f"answer-{number}").write_text(json.dumps(answer))


def test_it_waits_for_the_generation_that_was_uploaded(kubectl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = _object(reason="Ready", ready="True", generation="100")
    _answers(
        kubectl,
        {"metadata": {"generation": 1}},
        old,
        _object(reason="RolloutInProgress"),
        _object(reason="Ready", ready="True"),
    )
    assert deploy("iris", REPORT, namespace="models").endpoint == "http://iris"
    assert "path: gs://models/iris/" in (kubectl / "applied").read_text()
    calls = (kubectl / "calls").read_text().splitlines()
    assert calls[0] == "apply -f - --namespace models"
    assert calls[1].startswith("annotate modeldeployment iris --overwrite modeldeployment.dev/resolve-now=")
    assert len(calls) == 6
    assert capsys.readouterr().out == "http://iris/predict\n"


def test_a_model_that_cannot_be_served_says_why(kubectl: Path) -> None:
    _answers(kubectl, _object(reason="ModelInvalid", stalled=True))
    with pytest.raises(DeployError, match=r"ModelInvalid: because\.") as refused:
        deploy("iris", REPORT, progress=False)
    assert refused.value.reason == "ModelInvalid"


def test_the_wait_ends(kubectl: Path) -> None:
    _answers(kubectl, _object(reason="RolloutInProgress"))
    with pytest.raises(DeployError, match="not ready after 0 s"):
        deploy("iris", REPORT, progress=False, timeout_s=0)


def test_without_kubectl_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeployError, match="write="):
        deploy("iris", REPORT, progress=False)
