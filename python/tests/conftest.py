"""The real runtime and the real emulator, started once; models are trained where they are needed."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modeldeployment import Client

# Before onnxruntime and the frameworks are loaded: the machine may be shared.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60
NODE = str(ROOT / "node_modules" / ".bin" / "node")
"""That of package.json: the system's may be too old to run TypeScript."""


class Served:
    """`modeldeployment serve` of a folder; the self-check against golden.json has passed, else it would not be ready."""

    def __init__(self, folder: str | Path, *flags: str) -> None:
        ports = ["--port", "0", "--grpc-port", "0", "--metrics-port", "0"]
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- closed by stop()
        command = [NODE, "cli/main.ts", "serve", str(folder), *ports, *(flags or ("--name", "model"))]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert self.process.stdout is not None
        shown: list[str] = []
        for line in self.process.stdout:
            shown.append(line)
            found = re.search(r"predictions\s+(\S+)/predict", line)
            if found:
                self.url = found[1]
                return
        self.process.wait(DEADLINE_S)
        self._log.seek(0)
        raise RuntimeError(f"{''.join(shown)}{self._log.read()}".strip())

    @property
    def client(self) -> Client:
        return Client(self.url)

    def post(self, body: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/predict", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as response:
            return json.load(response)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(DEADLINE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(folder: str | Path, *flags: str) -> Served:
        running.append(Served(folder, *flags))
        return running[-1]

    yield start
    for served in running:
        served.stop()


@pytest.fixture(scope="session")
def emulator_url() -> Iterator[str]:
    tool = [NODE, "dev/tools.ts", "fake-gcs-server"]
    folder = subprocess.run(tool, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    flags = [
        "-scheme=http",
        "-host=127.0.0.1",
        f"-port={port}",
        f"-external-url={url}",
        f"-public-host=127.0.0.1:{port}",
        "-backend=memory",
    ]
    process = subprocess.Popen([f"{folder}/fake-gcs-server", *flags, "-log-level=warn"])
    try:
        _wait_for(f"{url}/_internal/healthcheck", process)
        yield url
    finally:
        process.kill()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("fake-gcs-server does not start")


@pytest.fixture
def bucket(emulator_url: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A bucket of the test's own, in the emulator that STORAGE_EMULATOR_HOST names."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:50].strip("-") + "-models"
    body = json.dumps({"name": name}).encode()
    url = f"{emulator_url}/storage/v1/b?project=test"
    urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})).close()
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator_url)
    return name
