"""What an export found out, for people."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .answers import Label, Task
from .proof import Check


@dataclass(frozen=True)
class Uploaded:
    """Where the model lies in a bucket."""

    path: str
    """`gs://bucket/prefix/`: what `spec.model.path` should say."""
    generation: str
    """Newest GCS generation of its files, decimal digits: what the operator will roll out."""


@dataclass(frozen=True)
class ExportReport:
    """A model that was exported and compared. Print it, or show it in a notebook."""

    framework: str
    """e.g. `scikit-learn 1.8.0`."""
    task: Task
    labels: tuple[Label, ...] | None
    """In column order; None without classes, or with several targets."""
    inputs: tuple[str, ...]
    """As requests name them, e.g. `age float32 [rows, 1]`."""
    tolerance: float
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    directory: Path | None = None
    files: tuple[tuple[str, int], ...] = ()
    """Names and bytes."""
    uploaded: Uploaded | None = None

    @property
    def largest_difference(self) -> float:
        """Between the original and the converted model, over rows that must match: `abs(a - b) / max(1, abs(a))`."""
        return max((check.largest_difference for check in self.checks if check.must_match), default=0.0)

    def __str__(self) -> str:
        lines = [f"{self.framework}, {self.task}" + (f" of {_some(self.labels)}" if self.labels else "")]
        lines += [f"inputs   {_some(self.inputs)}", ""]
        lines += [f"{mark} {name:<18} {text}" for mark, name, text in self._rows()]
        lines += ["", f"largest difference {self.largest_difference:.1e}, tolerance {self.tolerance:.0e}"]
        lines += [f"note: {note}" for note in self.notes]
        if self.files:
            where = self.uploaded.path if self.uploaded else f"{self.directory}/"
            lines += ["", f"{where}  " + ", ".join(f"{name} {_size(size)}" for name, size in self.files)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><td>{mark}</td><td>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>"
            for mark, name, text in self._rows()
        )
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        where = html.escape(self.uploaded.path if self.uploaded else str(self.directory))
        summary = f"{html.escape(self.framework)}, {self.task}: largest difference {self.largest_difference:.1e}, tolerance {self.tolerance:.0e}"
        return f"<p><b>{where}</b><br>{summary}</p><table>{cells}</table><ul>{notes}</ul>"

    def _rows(self) -> list[tuple[str, str, str]]:
        return [
            (_mark(check), check.kind, f"{check.rows} row{'s' * (check.rows != 1)}: {_outcome(check)}")
            for check in self.checks
        ]


def _mark(check: Check) -> str:
    if check.agrees:
        return "✓"
    return "✗" if check.must_match and check.original_error is None else "!"


def _outcome(check: Check) -> str:
    if check.original_error is not None and check.served_error is not None:
        return "both refuse them"
    if check.original_error is not None:
        return f"the original refuses them ({check.original_error}), the served model answers"
    if check.served_error is not None:
        return f"the served model refuses them ({check.served_error})"
    if check.differing == 0:
        return f"same (largest difference {check.largest_difference:.1e})"
    how = "another label" if math.isinf(check.largest_difference) else f"up to {check.largest_difference:.2g} off"
    return f"{check.differing} differ, {how}"


def _some(values: Sequence[object], most: int = 8) -> str:
    shown = ", ".join(str(value) for value in values[:most])
    return shown if len(values) <= most else f"{shown} and {len(values) - most} more"


def _size(size: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024  # type: ignore[assignment]
    return f"{size:.1f} GiB"
