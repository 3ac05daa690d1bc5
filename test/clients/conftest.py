"""One server process for each model, as `modeldeployment serve` starts it."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from models import Model, models

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Served:
    model: Model
    http: str
    grpc: str


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "served" in metafunc.fixturenames:
        # Thousands of requests each: a small set that has every kind of input.
        collections = ("fixtures",) if "openapi" in metafunc.module.__name__ else ("fixtures", "zoo")
        metafunc.parametrize("served", models(collections), indirect=True, ids=lambda model: model.name, scope="session")


@pytest.fixture(scope="session")
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    model: Model = request.param
    log = tmp_path_factory.mktemp("log") / f"{model.name}.json"
    environment = {
        "MODEL_PATH": str(model.file),
        "MODEL_NAME": model.name,
        "HOST": "127.0.0.1",
        "HTTP_PORT": "0",
        "GRPC_PORT": "0",
        "METRICS_PORT": "0",
        "TERMINATION_LOG": str(log.with_suffix(".termination")),
    }
    with log.open("wb") as output:
        process = subprocess.Popen([ROOT / "node_modules/.bin/node", "runtime/main.ts"], cwd=ROOT, env=environment, stdout=output)
        try:
            ports = wait_until_ready(process, log)
            yield Served(model, f"127.0.0.1:{ports['httpPort']}", f"127.0.0.1:{ports['grpcPort']}")
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> dict[str, int]:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            try:
                ports = json.loads(line)
                if ports["msg"] == "listening" and urlopen(f"http://127.0.0.1:{ports['httpPort']}/readyz").status == 200:
                    return ports
            except (ValueError, URLError):
                pass
        time.sleep(0.05)
    raise RuntimeError(f"the server did not become ready:\n{log.read_text()}")
