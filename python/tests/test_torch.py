"""PyTorch modules beside what the runtime serves. Left out where torch is not installed: `make test-python-torch`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import Served
from modeldeployment import SampleError, UnsupportedModelError, export

torch = pytest.importorskip("torch")

Serve = Callable[..., Served]


def _network(outputs: int = 3) -> torch.nn.Module:
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(8, outputs)
    )


def _rows(count: int = 20) -> torch.Tensor:
    torch.manual_seed(2)
    return torch.randn(count, 4)


def test_labels_and_softmax_become_probabilities_with_no_setting_anywhere(tmp_path: Path, serve: Serve) -> None:
    network, rows = _network(), _rows()
    report = export(network, rows, tmp_path, labels=["cat", "dog", "horse"], activation="softmax", progress=False)
    assert any("training mode" in note for note in report.notes)
    assert [name for name, _ in report.files] == ["features.json", "golden.json", "labels.json", "model.onnx"]
    found = serve(tmp_path).client.predict(rows)
    expected = torch.softmax(network.eval()(rows), 1).detach().numpy()
    np.testing.assert_allclose(
        found[["probabilities.cat", "probabilities.dog", "probabilities.horse"]], expected, atol=1e-5
    )
    assert list(found["label"]) == [["cat", "dog", "horse"][best] for best in expected.argmax(1)]


def test_one_logit_for_two_classes(tmp_path: Path, serve: Serve) -> None:
    network, rows = _network(1), _rows()
    export(network, rows, tmp_path, labels=["no", "yes"], activation="sigmoid", progress=False)
    found = serve(tmp_path).client.predict(rows)
    np.testing.assert_allclose(
        found["probabilities.yes"], torch.sigmoid(network.eval()(rows)).detach().numpy()[:, 0], atol=1e-5
    )


def test_without_labels_the_outputs_are_served_as_they_are(tmp_path: Path, serve: Serve) -> None:
    network, rows = _network(), _rows()
    export(network, rows, tmp_path, progress=False)
    found = serve(tmp_path).client.predict(rows)
    np.testing.assert_allclose(found.to_numpy(), network.eval()(rows).detach().numpy(), atol=1e-5)


def test_images(tmp_path: Path, serve: Serve) -> None:
    torch.manual_seed(3)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, stride=2),
        torch.nn.BatchNorm2d(4),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(36, 2),
    )
    images = torch.rand(6, 3, 8, 8)
    export(network, images, tmp_path, labels=["a", "b"], activation="softmax", progress=False)
    found = serve(tmp_path).client.predict(images.numpy())
    np.testing.assert_allclose(
        found["probabilities.b"], torch.softmax(network.eval()(images), 1).detach().numpy()[:, 1], atol=1e-5
    )


class Tokens(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.head = torch.nn.Embedding(50, 8), torch.nn.Linear(8, 2)

    def forward(self, tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        weight = mask.unsqueeze(-1).float()
        return self.head((self.table(tokens) * weight).sum(1) / weight.sum(1))


def test_several_inputs_by_their_names(tmp_path: Path, serve: Serve) -> None:
    torch.manual_seed(4)
    network = Tokens().eval()
    sample = {"tokens": torch.randint(0, 50, (6, 5)), "mask": torch.ones(6, 5, dtype=torch.int64)}
    export(network, sample, tmp_path, labels=[0, 1], activation="softmax", progress=False)
    found = serve(tmp_path).client.predict(sample)
    np.testing.assert_allclose(
        found["probabilities.1"], torch.softmax(network(**sample), 1).detach().numpy()[:, 1], atol=1e-5
    )


def test_what_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="no labels"):
        export(_network(), _rows(), tmp_path, activation="softmax", progress=False)
    with pytest.raises(UnsupportedModelError, match="3 numbers a row, but there are 2 labels"):
        export(_network(), _rows(), tmp_path, labels=["a", "b"], progress=False)
    with pytest.raises(SampleError, match="takes no argument"):
        export(_network(), {"y": _rows()}, tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []


def test_no_paths_of_this_machine_are_in_the_file(tmp_path: Path) -> None:
    export(_network(), _rows(), tmp_path, progress=False)
    assert str(Path(__file__).parent).encode() not in (tmp_path / "model.onnx").read_bytes()
