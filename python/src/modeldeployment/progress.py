"""What is being done, for whoever waits: one line a step, in terminals, notebooks and logs alike."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Progress:
    """Writes to standard error. In a terminal the line under way is overwritten by its end; elsewhere there is only the end."""

    def __init__(self, *, enabled: bool = True, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._enabled = enabled
        self._is_terminal = enabled and self._stream.isatty()

    @contextmanager
    def step(self, what: str) -> Iterator[Step]:
        """`what` in words, e.g. `converting`."""
        step = Step(self, what)
        self.under_way(f"… {what}")
        started = time.monotonic()
        try:
            yield step
        except BaseException:
            self._finish(f"✗ {what}")
            raise
        detail = f": {step.detail}" if step.detail else ""
        self._finish(f"✓ {what}{detail} ({time.monotonic() - started:.1f} s)")

    def under_way(self, line: str) -> None:
        """Shown until the next line; in terminals only."""
        if self._is_terminal:
            self._stream.write(f"\r\x1b[K{line}")
            self._stream.flush()

    def _finish(self, line: str) -> None:
        if not self._enabled:
            return
        self._stream.write(f"\r\x1b[K{line}\n" if self._is_terminal else f"{line}\n")
        self._stream.flush()


class Step:
    """One step under way."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._what = what
        self.detail = ""

    def show(self, detail: str) -> None:
        """How far it is."""
        self._progress.under_way(f"… {self._what}: {detail}")
