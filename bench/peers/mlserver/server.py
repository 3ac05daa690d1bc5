"""Starts MLServer with one model. Argument: the port. MAX_BATCH_SIZE, MAX_BATCH_TIME (seconds): its settings of these names."""
import json
import os
import sys
import tempfile
from pathlib import Path

from mlserver.cli import main

folder = Path(tempfile.mkdtemp())
(folder / "settings.json").write_text(json.dumps({
    "debug": False,
    "host": "127.0.0.1",
    "http_port": int(sys.argv[1]),
    "grpc_port": 0,
    "metrics_endpoint": None,
    "gzip_enabled": False,
    "parallel_workers": 0,
}))
(folder / "model-settings.json").write_text(json.dumps({
    "name": os.environ["MODEL_NAME"],
    "implementation": "onnx_runtime.Onnx",
    "max_batch_size": int(os.environ.get("MAX_BATCH_SIZE", "0")),
    "max_batch_time": float(os.environ.get("MAX_BATCH_TIME", "0")),
}))
sys.argv = ["mlserver", "start", str(folder)]
main()
