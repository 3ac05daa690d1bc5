"""Schemathesis against the OpenAPI document of each model: no 5xx, nothing that the document does not say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Served

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("MAX_EXAMPLES", "50")
TOOL = Path(sys.executable).with_name("schemathesis")
OPERATIONS = 15


def fuzz(served: Served, folder: Path, *options: str, **environment: str) -> str:
    """The report of one run. Fails the test with it when there is anything to report."""
    config = folder / "schemathesis.toml"
    config.write_text('hooks = "openapi_hooks"\ngeneration.database = "none"\n')
    command = [
        *(str(TOOL), "--config-file", str(config), "--no-color", "run", f"http://{served.http}/openapi.json"),
        *(f"--max-examples={EXAMPLES}", "--suppress-health-check=all", *options),
    ]
    variables = {**os.environ, **environment, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=1200)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


# The document says what a client should send; the server takes more than that (docs/http-api.md, "Values").
DESIGN = "--exclude-checks=positive_data_acceptance,negative_data_rejection"


def test_whatever_is_sent_is_answered_as_documented(served: Served, tmp_path: Path) -> None:
    report = fuzz(served, tmp_path, "--checks=all", DESIGN)
    assert operations_in(report) == OPERATIONS, report


# An embedding of so many tokens: the graph refuses others, and no file says which.
LIMITS_OF_THEIR_OWN = {"torch-tokens"}


def test_what_the_document_allows_is_answered(served: Served, tmp_path: Path) -> None:
    if served.model.name in LIMITS_OF_THEIR_OWN:
        pytest.skip("takes only values that no schema can tell")
    report = fuzz(served, tmp_path, "--checks=all", "--mode=positive", NARROW="1")
    assert operations_in(report) == OPERATIONS, report


def operations_in(report: str) -> int:
    found = re.search(r"Tested: (\d+)", report)
    return int(found[1]) if found else 0
