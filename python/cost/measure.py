"""
What a served model costs in memory: the runtime beside FastAPI + pickle, one process for each model, as pods have it.

    python cost/measure.py [--copies 3] [--runtime ../dist/cli/main.js]

Needs what requirements-test.txt has, and fastapi and uvicorn. Linux only: reads the proportional set size (PSS), in which pages that several
processes share, such as those of the program files, count once in all. `make build` makes the runtime as it is in the image.
"""

from __future__ import annotations

import argparse
import json
import pickle
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from modeldeployment import export

ROOT = Path(__file__).parents[2]
REQUESTS = 300
DEADLINE_S = 600
FASTAPI = """
import pickle, sys
import numpy, pandas, sklearn, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

class Rows(BaseModel):
    instances: list[list[float]]

model = pickle.load(open(sys.argv[1], "rb"))
app = FastAPI()

@app.get("/readyz")
def ready(): return {}

@app.post("/predict")
def predict(rows: Rows):
    return {"predictions": model.predict_proba(numpy.array(rows.instances)).tolist()}

uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
"""


def models() -> dict[str, Any]:
    """Small, middling, large."""
    X, y = make_classification(4000, 20, n_informative=8, n_classes=3, random_state=0)
    found = {
        "logistic regression": LogisticRegression(max_iter=1000),
        "gradient boosting, 3 x 100 trees": GradientBoostingClassifier(random_state=0),
        "random forest, 300 trees": RandomForestClassifier(300, random_state=0, n_jobs=1),
    }
    return {name: (model.fit(X, y), X) for name, model in found.items()}


def pss_mib(pid: int) -> float:
    """Of the process and its children."""
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    own = sum(int(kib) for kib in re.findall(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M))
    return own / 1024 + sum(pss_mib(int(child)) for child in children)


def measure(commands: list[list[str]], ports: list[int], body: bytes) -> float:
    """Mean PSS of processes that have all answered REQUESTS requests, in MiB."""
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) for command in commands]
    try:
        for port in ports:
            wait_for(port)
        for number in range(REQUESTS):
            request = urllib.request.Request(
                f"http://127.0.0.1:{ports[number % len(ports)]}/predict", body, {"Content-Type": "application/json"}
            )
            urllib.request.urlopen(request).read()
        return sum(pss_mib(process.pid) for process in running) / len(running)
    finally:
        for process in running:
            process.kill()
            process.wait()


def wait_for(port: int) -> None:
    """Until it is ready."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"nothing answers on port {port}")


def main() -> None:
    """Prints a Markdown table."""
    # The servers end with this program, also when it is told to.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="part of a model's name")
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--runtime", default="dist/cli/main.js")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    (folder / "server.py").write_text(FASTAPI)
    ports = list(range(18100, 18100 + given.copies))
    node = str(ROOT / "node_modules/.bin/node")
    print(
        f"{platform.platform()}, Python {platform.python_version()}; {given.copies} processes at once, {REQUESTS} requests of one row\n"
    )
    print("| model | pickle | model.onnx | FastAPI + pickle, each | runtime, each |\n|---|---|---|---|---|")
    for name, (model, X) in models().items():
        if given.only not in name:
            continue
        target = folder / name.split(",")[0].replace(" ", "-")
        target.mkdir()
        (target / "model.pkl").write_bytes(pickle.dumps(model))
        export(model, X[:200], target / "onnx", progress=False)
        body = json.dumps({"instances": [X[0].tolist()]}).encode()
        theirs = measure(
            [[sys.executable, str(folder / "server.py"), str(target / "model.pkl"), str(port)] for port in ports],
            ports,
            body,
        )
        flags = ["--grpc-port", "0", "--metrics-port", "0"]
        ours = measure(
            [[node, given.runtime, "serve", str(target / "onnx"), "--port", str(port), *flags] for port in ports],
            ports,
            body,
        )
        sizes = [f"{(target / file).stat().st_size / 1024:,.0f} KiB" for file in ("model.pkl", "onnx/model.onnx")]
        print(f"| {name} | {sizes[0]} | {sizes[1]} | {theirs:.0f} MiB | {ours:.0f} MiB |", flush=True)


if __name__ == "__main__":
    main()
