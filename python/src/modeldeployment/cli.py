"""`python -m modeldeployment export model.pkl --sample data.csv --to gs://bucket/prefix/`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .deploying import deploy, name_and_path
from .errors import ModelDeploymentError, SampleError
from .exporting import DEFAULT_TOLERANCE, export
from .loading import load_model
from .sample_files import read_sample_file

EXIT_REFUSED = 1
EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """@returns the exit code: 0, 1 when refused with a reason, 2 for a wrong command line."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if not hasattr(given, "run"):
        parser.print_help()
        return EXIT_USAGE
    try:
        given.run(given)
    except ModelDeploymentError as error:
        print(f"{type(error).__name__}: {error.problem}\n{error.way_out}", file=sys.stderr)
        return EXIT_REFUSED
    return 0


def _export(given: argparse.Namespace) -> None:
    model = load_model(given.model, trust=given.trust, module=given.module)
    sample = _sample_for(model, read_sample_file(given.sample), given.drop)
    labels = given.labels.split(",") if given.labels else None
    report = export(model, sample, given.to, labels=labels, activation=given.activation, tolerance=given.tolerance)
    print(f"\n{report}")


def _deploy(given: argparse.Namespace) -> None:
    spec = {"replicas": given.replicas} if given.replicas is not None else None
    name, path = name_and_path(given.path, given.second, given.name)
    deploy(name, path, namespace=given.namespace, spec=spec, write=given.write)


def _sample_for(model: Any, sample: Any, drop: Sequence[str]) -> Any:
    """CSV gives a DataFrame; a model that was trained without column names takes the numbers or the texts."""
    if not hasattr(sample, "columns"):
        return sample
    unknown = [name for name in drop if name not in sample.columns]
    if unknown:
        raise SampleError(
            f"--drop {unknown[0]}: the sample has no such column.", f"It has {', '.join(map(str, sample.columns))}."
        )
    frame = sample.drop(columns=list(drop))
    has_names = any(
        hasattr(model, name)
        for name in ("feature_names_in_", "feature_names_", "get_booster", "feature_name", "booster_")
    )
    if has_names or not hasattr(model, "predict") or any(_is_text(frame[name]) for name in frame.columns):
        is_text_only = len(frame.columns) == 1 and _is_text(frame.iloc[:, 0]) and not has_names
        return frame.iloc[:, 0].astype(str).tolist() if is_text_only else frame
    return frame.to_numpy()


def _is_text(column: Any) -> bool:
    return getattr(column.dtype, "kind", "O") in "OUS"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="modeldeployment", description="From a trained model to an HTTP endpoint.")
    commands = parser.add_subparsers(title="commands")
    one = commands.add_parser("export", help="convert a model file, prove it, write or upload it")
    one.add_argument(
        "model",
        type=Path,
        help=".pkl .joblib (with --trust), .pt .pth, .json .ubj (XGBoost), .txt (LightGBM), .cbm (CatBoost)",
    )
    one.add_argument("--sample", type=Path, required=True, help="rows to compare on: .csv, .parquet, .npy, .npz")
    one.add_argument("--to", required=True, help="a folder, or gs://bucket/prefix/")
    one.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column of the sample that the model does not take, such as the target",
    )
    one.add_argument("--labels", help="class names in column order: cat,dog")
    one.add_argument(
        "--activation",
        choices=("none", "softmax", "sigmoid"),
        default="none",
        help="makes probabilities of a network's outputs",
    )
    one.add_argument(
        "--module", metavar="PACKAGE.MODULE:NAME", help="what makes the network that a state dict belongs to"
    )
    one.add_argument(
        "--tolerance", type=float, default=DEFAULT_TOLERANCE, help="largest difference to the original (%(default)s)"
    )
    one.add_argument("--trust", action="store_true", help="run the code that a pickle holds")
    one.set_defaults(run=_export)
    two = commands.add_parser("deploy", help="write or apply a ModelDeployment")
    two.add_argument("path", help="gs://bucket/prefix/")
    two.add_argument(
        "second",
        nargs="?",
        metavar="name",
        help="of the ModelDeployment (default: the last folder's); may also come first",
    )
    two.add_argument("--name", help="the same")
    two.add_argument("--namespace")
    two.add_argument("--replicas", type=int)
    two.add_argument("--write", metavar="FILE", help="write the YAML, apply nothing")
    two.set_defaults(run=_deploy)
    return parser
