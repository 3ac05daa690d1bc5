"""Why a converted model differs, as far as its rows tell, and what helps."""

from __future__ import annotations

import math

import numpy as np

from .errors import IMPUTE_FIRST, MismatchError, MissingValuesMismatchError, TextMismatchError
from .proof import Proof
from .report import ExportReport
from .samples.sample import Sample
from .samples.texts import Texts

_TOKENS = (
    'Give the vectorizer a pattern that its ONNX form has, TfidfVectorizer(token_pattern="[a-zA-Z0-9_]+"), or strip_accents="unicode" before it, '
    "and train it again."
)


def mismatch(report: ExportReport, rows: Sample, proof: Proof, tolerance: float) -> MismatchError:
    """The error to raise, with the most specific reason."""
    off = proof.row_differences > tolerance
    failing: set[str] = {
        check.kind for check in proof.checks if check.must_match and not check.agrees and check.original_error is None
    }
    if failing <= {"sample", "missing", "one row at a time"} and rows.has_missing()[off].all():
        problem = (
            f"the converted model treats missing values otherwise than the original ({_how_far(report, failing)})."
        )
        return MissingValuesMismatchError(f"{problem}\n\n{report}\n", IMPUTE_FIRST, report)
    if isinstance(rows, Texts) and off.any() and all(not rows.texts[row].isascii() for row in np.flatnonzero(off)):
        problem = f"the converted model splits text with letters beyond ASCII otherwise than the original ({_how_far(report, failing)})."
        return TextMismatchError(f"{problem}\n\n{report}\n", _TOKENS, report)
    problem = f"the converted model does not answer as the original does ({_how_far(report, failing)})."
    return MismatchError(f"{problem}\n\n{report}\n", _way_out(report, rows), report)


def _how_far(report: ExportReport, failing: set[str]) -> str:
    checks = [check for check in report.checks if check.kind in failing]
    differing = sum(check.differing for check in checks)
    refused = next((check.served_error for check in checks if check.served_error), None)
    if refused is not None:
        return f"it refuses rows that the original takes: {refused}"
    largest = report.largest_difference
    return f"{differing} rows differ, " + (
        "by their label" if math.isinf(largest) else f"the largest difference is {largest:.2g}"
    )


def _way_out(report: ExportReport, rows: Sample) -> str:
    largest = report.largest_difference
    if isinstance(rows, Texts):
        return _TOKENS
    if math.isfinite(largest) and largest < 0.01:
        return f"If that is near enough, say so: tolerance={_rounded_up(largest)!r}."
    return "Do not serve it. Try the newest converter (pip install -U skl2onnx onnxmltools), or another estimator for the step that differs."


def _rounded_up(value: float) -> float:
    """To one digit."""
    exponent = math.floor(math.log10(value))
    return float(f"{math.ceil(value / 10**exponent * 1.0001)}e{exponent}")
