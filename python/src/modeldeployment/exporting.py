"""export(): convert, prove, write, upload. Order only."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .answers import Label
from .bundle import features_of, write_bundle
from .diagnosis import mismatch
from .errors import ConversionError, ExportError, SampleError
from .frameworks import exporter_for
from .frameworks.exporter import Activation, Attempt, Converted, Exporter, ExportOptions
from .golden import make_golden
from .graph import describe
from .progress import Progress
from .proof import Proof, prove
from .report import ExportReport
from .samples.sample import Sample, evenly
from .session import ServedModel, first_line

DEFAULT_TOLERANCE = 1e-4
"""float32 instead of float64 makes 1e-7 to 1e-5."""
MAX_ROWS = 10_000
"""Of the sample that are compared; of a longer one, every n-th."""


@dataclass(frozen=True)
class _Tried:
    attempt: Attempt
    converted: Converted
    served: ServedModel
    proof: Proof


def export(
    model: Any,
    sample: Any,
    destination: str | Path,
    *,
    labels: Sequence[Label] | None = None,
    activation: Activation = "none",
    tolerance: float = DEFAULT_TOLERANCE,
    progress: bool = True,
) -> ExportReport:
    """
    Convert a trained model to ONNX, prove that it answers as the original does, and write what the runtime needs.

    @param model a fitted scikit-learn estimator or pipeline, XGBoost, LightGBM or CatBoost model, or a PyTorch module
    @param sample rows as the model takes them, without the target: a DataFrame, an array, a list of texts; for PyTorch a tensor,
      a tuple of tensors, or a mapping by argument names. Some hundred rows of the training data are good; all of them are compared
    @param destination a folder, or `gs://bucket/prefix/`
    @param labels class names in column order, for models that have none (PyTorch, XGBoost)
    @param activation what turns a network's outputs into probabilities; it becomes part of the file
    @param tolerance largest `abs(a - b) / max(1, abs(a))` between original and converted model
    @raises ExportError nothing was written
    @raises MismatchError the converted model answers otherwise; `report` says where
    """
    shown = Progress(enabled=progress)
    exporter = exporter_for(model, ExportOptions(None if labels is None else tuple(labels), activation))
    rows, notes = exporter.read_sample(sample)
    rows = rows.take(evenly(len(rows), MAX_ROWS))
    _ask_original(exporter, rows)
    with shown.step("convert and compare") as step:
        tried = _first_that_agrees(exporter, rows, tolerance)
        report = _report(exporter, rows, tried, [*notes, *_notes(tried)], tolerance)
        if not tried.proof.holds:
            raise mismatch(report, rows, tried.proof, tolerance)
        step.detail = f"{len(rows)} rows, largest difference {report.largest_difference:.1e}"
    if str(destination).startswith("gs://"):
        from .gcs import upload

        with tempfile.TemporaryDirectory() as folder:
            report, paths = _write(Path(folder), exporter, rows, tried, report)
            with shown.step(f"upload to {destination}") as step:
                uploaded = upload(paths, str(destination), step.show)
        return replace(report, directory=None, uploaded=uploaded)
    with shown.step(f"write {destination}"):
        report, _ = _write(Path(destination), exporter, rows, tried, report)
    return report


def _ask_original(exporter: Exporter, rows: Sample) -> None:
    try:
        exporter.ask(rows.take([0]))
    except ExportError:
        raise
    except Exception as error:
        raise SampleError(
            f"the model itself refuses the sample: {first_line(error)}",
            "Give rows that model.predict takes, in the form it was trained with.",
        ) from error


def _first_that_agrees(exporter: Exporter, rows: Sample, tolerance: float) -> _Tried:
    """@returns the first conversion that agrees, else the first one at all. @raises ConversionError when there is none."""
    found: list[_Tried] = []
    failures: list[Exception] = []
    for attempt in exporter.attempts(rows):
        try:
            converted = exporter.convert(rows, attempt)
            served = ServedModel(converted)
            tried = _Tried(attempt, converted, served, prove(exporter, served, converted.layout, rows, tolerance))
        except Exception as error:
            failures.append(error)
            continue
        if tried.proof.holds:
            return tried
        found.append(tried)
    if found:
        return found[0]
    first = failures[0]
    if isinstance(first, ExportError):
        raise first
    raise ConversionError(
        f"{exporter.framework}'s converter refuses the model: {first_line(first)}",
        "Replace the step that it names by one that has an ONNX form (own functions and classes have none), or export without it.",
    ) from first


def _notes(tried: _Tried) -> list[str]:
    own = [tried.attempt.note] if tried.attempt.note else []
    missing = next((check for check in tried.proof.checks if check.kind == "missing"), None)
    if missing is not None and not missing.must_match and missing.differing:
        own.append(
            "the served model treats missing values otherwise than the original; the sample has none. Put a SimpleImputer first if they can occur"
        )
    return [*tried.converted.notes, *own]


def _report(exporter: Exporter, rows: Sample, tried: _Tried, notes: list[str], tolerance: float) -> ExportReport:
    layout = tried.converted.layout
    inputs = tuple(
        f"{given['name']} {given['datatype']}" + _shape(given["shape"])
        for given in features_of(rows, tried.served.inputs)
    )
    return ExportReport(
        framework=f"{exporter.framework} {exporter.version()}",
        task=layout.task,
        labels=layout.classes[0] if len(layout.classes) == 1 else None,
        inputs=inputs,
        tolerance=tolerance,
        checks=tried.proof.checks,
        notes=tuple(notes),
    )


def _shape(shape: object) -> str:
    sizes = list(shape) if isinstance(shape, list) else []
    return "" if sizes[1:] in ([], [1]) else f" [{', '.join('?' if size is None else str(size) for size in sizes)}]"


def _write(
    folder: Path, exporter: Exporter, rows: Sample, tried: _Tried, report: ExportReport
) -> tuple[ExportReport, list[Path]]:
    converted, served = tried.converted, tried.served
    golden = make_golden(exporter, served, converted.layout, rows, tried.proof, report.tolerance)
    notes = (
        report.notes if golden.text else (*report.notes, "there is no golden.json: no row is small and clear enough")
    )
    describe(converted.model, labels=report.labels, features=rows.feature_names)
    features = features_of(rows, served.inputs)
    paths = write_bundle(folder, converted, golden=golden.text, labels=report.labels, features=features)
    files = tuple((path.name, path.stat().st_size) for path in paths)
    return replace(report, directory=folder, files=files, notes=notes), paths
