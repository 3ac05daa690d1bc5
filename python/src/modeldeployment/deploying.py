"""deploy(): writes the ModelDeployment, or applies it and waits until it serves."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .errors import DeployError
from .progress import Progress, Step
from .report import ExportReport

POLL_S = 0.5
RESOLVE_NOW = "modeldeployment.dev/resolve-now"
"""Annotation that makes the operator look at the bucket at once (operator/api/labels.ts)."""


@dataclass(frozen=True)
class Deployed:
    """A ModelDeployment that serves, or that was written to a file."""

    name: str
    yaml: str
    endpoint: str | None = None
    """Address inside of the cluster; None when nothing was applied or waited for."""


def deploy(
    name: str,
    model: ExportReport | str,
    *,
    namespace: str | None = None,
    spec: Mapping[str, Any] | None = None,
    write: str | Path | None = None,
    wait: bool = True,
    timeout_s: float = 600,
    progress: bool = True,
) -> Deployed:
    """
    Apply a ModelDeployment with kubectl's current context, wait until it is Ready, and print its endpoint; or only write its YAML.

    @param name DNS label, at most 63 characters
    @param model what `export` to `gs://` returned, or a path such as `gs://bucket/prefix/`
    @param namespace default: that of kubectl's context
    @param spec more fields of the spec, e.g. `{"replicas": 2, "serviceAccountName": "models"}`
    @param write a file for the YAML; nothing is applied
    @param timeout_s longest wait
    @raises DeployError with the reason of the object's status
    """
    generation = model.uploaded.generation if isinstance(model, ExportReport) and model.uploaded else None
    document = make_object(name, _path_of(model), namespace=namespace, spec=spec)
    yaml = to_yaml(document)
    if write is not None:
        Path(write).write_text(yaml, encoding="utf-8")
        return Deployed(name, yaml)
    shown = Progress(enabled=progress)
    kubectl = _Kubectl(namespace)
    with shown.step(f"apply modeldeployment {name}"):
        kubectl.run("apply", "-f", "-", text=yaml)
        if generation is not None:
            kubectl.run(
                "annotate",
                "modeldeployment",
                name,
                "--overwrite",
                f"{RESOLVE_NOW}={datetime.now(timezone.utc).isoformat()}",
            )
    if not wait:
        return Deployed(name, yaml)
    with shown.step("wait until it is ready") as step:
        endpoint = _wait(kubectl, name, generation, timeout_s, step)
        step.detail = endpoint
    print(f"{endpoint}/predict")
    return Deployed(name, yaml, endpoint)


def name_and_path(first: str, second: str | None = None, name: str | None = None) -> tuple[str, str]:
    """
    The arguments of `deploy PATH [NAME]`, told apart as the command line `modeldeployment deploy` does.

    @param name that of `--name`
    @returns the name, made of the path when there is none, and the path
    @raises DeployError for two names, and for a path that no name can be made of
    """
    if second is not None and name is not None:
        raise DeployError("The name is given twice.", f"Leave out --name {name}, or the other one.")
    path, given = (second, first) if second is not None and "://" in second else (first, second or name)
    return given or _name_of(path), path


def _name_of(path: str) -> str:
    parts = [part for part in path.partition("://")[2].split("/")[1:] if part]
    last = re.sub(r"\.onnx$", "", parts.pop(), flags=re.IGNORECASE) if parts else ""
    if last.lower() == "model" and parts:
        last = parts.pop()
    name = re.sub(r"^[^a-z]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", last.lower()))[:52].rstrip("-")
    if not name:
        raise DeployError(f"No name can be made of {path}.", "Give one with --name.")
    return name


def make_object(
    name: str, path: str, *, namespace: str | None = None, spec: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The ModelDeployment. @raises DeployError for a name that Kubernetes refuses."""
    if re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", name) is None:
        raise DeployError(
            f"{name!r} is no name for a Service.",
            "Use lower-case letters, digits and hyphens, a letter first, at most 63: iris-v2.",
        )
    more = dict(spec or {})
    model = {"path": path, **more.pop("model", {})}
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": "modeldeployment.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": metadata,
        "spec": {"model": model, **more},
    }


def to_yaml(value: Any, depth: int = 0) -> str:
    """Plain YAML of JSON-like values; text that could be taken for something else is quoted as in JSON."""
    indent = "  " * depth
    if isinstance(value, Mapping) and value:
        return "".join(f"{indent}{key}:{_below(entry, depth)}" for key, entry in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return "".join(f"{indent}-{_below(entry, depth)}" for entry in value)
    return f"{indent}{_scalar(value)}\n"


def _below(value: Any, depth: int) -> str:
    is_nested = isinstance(value, (Mapping, list, tuple)) and len(value) > 0
    return f"\n{to_yaml(value, depth + 1)}" if is_nested else f" {_scalar(value)}\n"


_WORDS = ("true", "false", "yes", "no", "on", "off", "y", "n", "null", "none")


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        is_plain = re.fullmatch(r"[A-Za-z/][\w./-]*(:[/\w.-]+)*", value) and value.lower() not in _WORDS
        return value if is_plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)


def _path_of(model: ExportReport | str) -> str:
    if isinstance(model, str):
        return model
    if model.uploaded is None:
        raise DeployError(
            f"the model lies in {model.directory}, where no pod can read it.",
            'Export it to a bucket: export(model, sample, "gs://bucket/name/").',
        )
    return model.uploaded.path


class _Kubectl:
    def __init__(self, namespace: str | None) -> None:
        self._namespace = [] if namespace is None else ["--namespace", namespace]
        if shutil.which("kubectl") is None:
            raise DeployError(
                "there is no kubectl on PATH.",
                "Install it, or write the YAML and hand it to someone who has: deploy(..., write='model.yaml').",
            )

    def run(self, *arguments: str, text: str | None = None) -> str:
        done = subprocess.run(
            ["kubectl", *arguments, *self._namespace],
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout
        message = done.stderr.strip()
        no_kind = "no matches for kind" in message
        way_out = (
            "Install the operator in this cluster first."
            if no_kind
            else "Look at kubectl's context (kubectl config current-context) and your rights."
        )
        raise DeployError(f"kubectl {arguments[0]}: {message}", way_out)


def _wait(kubectl: _Kubectl, name: str, generation: str | None, timeout_s: float, step: Step) -> str:
    deadline = time.monotonic() + timeout_s
    while True:
        found = json.loads(kubectl.run("get", "modeldeployment", name, "--output", "json"))
        status = found.get("status", {})
        conditions = {entry["type"]: entry for entry in status.get("conditions", [])}
        ready, stalled = conditions.get("Ready", {}), conditions.get("Stalled", {})
        is_current = status.get("observedGeneration") == found["metadata"]["generation"] and _is_at_least(
            status, generation
        )
        if is_current and ready.get("status") == "True" and "endpoint" in status:
            return str(status["endpoint"])
        said = f"{ready.get('reason', 'no status yet')}: {ready.get('message', 'is the operator running?')}"
        step.show(said)
        if is_current and stalled.get("status") == "True":
            raise DeployError(
                f"{name} does not get ready. {said}", f"kubectl describe modeldeployment {name}", stalled.get("reason")
            )
        if time.monotonic() > deadline:
            raise DeployError(
                f"{name} is not ready after {timeout_s:.0f} s. {said}",
                f"kubectl describe modeldeployment {name}",
                ready.get("reason"),
            )
        time.sleep(POLL_S)


def _is_at_least(status: Mapping[str, Any], generation: str | None) -> bool:
    return generation is None or int(status.get("model", {}).get("generation", 0)) >= int(generation)
