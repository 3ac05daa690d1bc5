"""Are these the columns that the model was trained with?"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from .errors import SampleError
from .samples import is_frame

SHOWN = 10


def check_columns(value: Any, trained: Sequence[Any], count: int | None = None) -> Any:
    """
    Puts the columns of a DataFrame into the order of the training data.

    @param trained names of the training data; empty: it had none
    @param count of columns, where there are no names
    @returns the sample to use
    @raises SampleError naming what is missing and what is too much
    """
    if not is_frame(value):
        _check_count(value, count)
        return value
    names = [str(name) for name in value.columns]
    if not trained:
        _check_count(value, count)
        return value
    wanted = [str(name) for name in trained]
    missing = [name for name in wanted if name not in names]
    unknown = [name for name in names if name not in wanted]
    if missing:
        raise SampleError(
            f"the sample lacks {_listed(missing)}, which the model was trained with.{_hint(missing, names)}",
            f"Give these columns: {_listed(wanted)}.",
        )
    if unknown:
        raise SampleError(
            f"the sample has {_listed(unknown)}, which the model was not trained with.",
            f"Leave it out: sample.drop(columns={unknown[:SHOWN]!r}); on the command line --drop {unknown[0]!r}.",
        )
    return value.set_axis(names, axis=1)[wanted]


def _check_count(value: Any, count: int | None) -> None:
    shape: tuple[int, ...] = getattr(value, "shape", ())
    if count is not None and len(shape) == 2 and shape[1] != count:
        raise SampleError(
            f"the sample has {shape[1]} columns, the model was trained with {count}.",
            "Give the columns of the training data, in its order and without the target.",
        )


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _hint(missing: Sequence[str], present: Sequence[str]) -> str:
    lower = {name.lower(): name for name in present}
    near = get_close_matches(missing[0].lower(), lower, n=1, cutoff=0.6)
    return f" Did you call it {lower[near[0]]!r}?" if near else ""
