"""
Uploads a model's folder so that nobody ever serves half of it.

The operator takes a folder of several files as changed once its newest file is five seconds old (operator/model-resolver.ts). So all bytes go
to a folder beside it first, and are then copied within the bucket, which takes moments whatever their size: data and side files, then
`model.onnx`, last.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .bundle import MODEL_FILE, OWN_FILES
from .errors import UploadError
from .frameworks.exporter import Extra
from .report import Uploaded

EXTRA = Extra("gcs", "uploading to gs://", ("google.cloud.storage",))
TIMEOUT_S = 60
RETRY_FOR_S = 60


def upload(paths: Sequence[Path], destination: str, show: Callable[[str], None] = lambda _: None) -> Uploaded:
    """
    Replace the model below `gs://bucket/prefix/`; files of an earlier export that are not among `paths` are removed.

    `STORAGE_EMULATOR_HOST` and Google's default credentials are taken from the environment.

    @param paths the model last, as `write_bundle` gives them
    @param show told how far it is
    @raises UploadError what was there before still is, unless the message says otherwise
    """
    EXTRA.require()
    bucket_name, prefix = parse(destination)
    with _readable_errors(destination):
        bucket = _client().bucket(bucket_name)
        present = {
            blob.name[len(prefix) :] for blob in bucket.list_blobs(prefix=prefix, timeout=TIMEOUT_S, retry=_retry())
        }
        others = sorted(name for name in present if name.lower().endswith(".onnx") and name != MODEL_FILE)
        if others:
            raise UploadError(
                f"{destination} holds another model, {others[0]}.", "Give each model a folder of its own."
            )
        names = [path.name for path in paths]
        stale = [name for name in OWN_FILES if name in present and name not in names]
        # Whatever lies below the root of a bucket belongs to a model there, so there is no place beside it.
        staging = f"{prefix.rstrip('/')}.uploading-{uuid.uuid4().hex[:8]}/" if prefix else prefix
        generations = _replace(bucket, paths, (staging, prefix), stale, show)
    return Uploaded(f"gs://{bucket_name}/{prefix}", str(max(generations)))


def parse(destination: str) -> tuple[str, str]:
    """@returns bucket and prefix; the prefix ends in `/` or is empty. @raises UploadError."""
    found = re.fullmatch(r"gs://([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:/(.*))?", destination)
    if found is None:
        raise UploadError(f"{destination!r} is no place in a bucket.", "Write gs://bucket/prefix/.")
    prefix = found[2] or ""
    if prefix.lower().endswith(".onnx"):
        folder = prefix.rpartition("/")[0]
        raise UploadError(
            f"{destination!r} names one file, but a model has several.", f"Name the folder: gs://{found[1]}/{folder}/."
        )
    return found[1], f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""


def _replace(
    bucket: Any, paths: Sequence[Path], places: tuple[str, str], stale: Sequence[str], show: Callable[[str], None]
) -> list[int]:
    staging, prefix = places
    staged: list[Any] = []
    try:
        for position, path in enumerate(paths, start=1):
            show(f"{path.name} ({position} of {len(paths)})")
            blob = bucket.blob(f"{staging}{path.name}")
            blob.upload_from_filename(str(path), checksum="crc32c", timeout=TIMEOUT_S, retry=_retry())
            staged.append(blob)
        if staging == prefix:
            _delete(bucket, prefix, stale)
            return [int(blob.generation) for blob in staged]
        generations: list[int] = []
        for path, blob in zip(paths, staged, strict=True):
            if path.name == MODEL_FILE:
                _delete(bucket, prefix, stale)
            copied = bucket.copy_blob(blob, bucket, f"{prefix}{path.name}", timeout=TIMEOUT_S, retry=_retry())
            generations.append(int(copied.generation))
        return generations
    finally:
        if staging != prefix:
            for blob in staged:
                blob.delete(timeout=TIMEOUT_S, retry=_retry())


def _delete(bucket: Any, prefix: str, names: Sequence[str]) -> None:
    for name in names:
        bucket.blob(f"{prefix}{name}").delete(timeout=TIMEOUT_S, retry=_retry())


def _client() -> Any:
    from google.cloud import storage

    return storage.Client()


def _retry() -> Any:
    from google.cloud.storage.retry import DEFAULT_RETRY

    return DEFAULT_RETRY.with_timeout(RETRY_FOR_S)


@contextmanager
def _readable_errors(destination: str) -> Iterator[None]:
    from google.api_core import exceptions
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    bucket = parse(destination)[0]
    try:
        yield
    except GoogleAuthError as error:
        raise UploadError(
            "there are no credentials for Google Cloud.", "gcloud auth application-default login"
        ) from error
    except exceptions.NotFound as error:
        raise UploadError(
            f"there is no bucket gs://{bucket}.", f"gcloud storage buckets create gs://{bucket}"
        ) from error
    except exceptions.Forbidden as error:
        raise UploadError(
            f"you may not write to gs://{bucket}.", "Ask for roles/storage.objectUser on the bucket."
        ) from error
    except (exceptions.GoogleAPIError, RequestException) as error:
        raise UploadError(
            f"gs://{bucket} cannot be written: {str(error).strip()[:200]}",
            "Try again; look at STORAGE_EMULATOR_HOST if it is set.",
        ) from error
