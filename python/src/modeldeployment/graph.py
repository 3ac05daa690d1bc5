"""Changes to ONNX graphs that make them better to call. They change names and types at the edges, never what is computed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from onnx import ModelProto, NodeProto, TensorProto, helper

from .answers import Label


def split_matrix_input(model: ModelProto, columns: Sequence[str]) -> ModelProto:
    """One input `[N, 1]` for each column of the DataFrame, under its own name, instead of one matrix."""
    changed = ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    weights = {weight.name for weight in graph.initializer}
    (matrix,) = [given for given in graph.input if given.name not in weights]
    taken = {name for node in graph.node for name in (*node.input, *node.output)} | weights
    element = matrix.type.tensor_type.elem_type
    joined = matrix.name
    clash = [name for name in columns if name in taken]
    if clash:
        joined = _rename_everywhere(changed, clash, matrix.name)
    for given in [given for given in graph.input if given.name in (matrix.name, joined)]:
        graph.input.remove(given)
    inputs = [helper.make_tensor_value_info(name, element, [None, 1]) for name in columns]
    for position, given in enumerate(inputs):
        graph.input.insert(position, given)
    graph.node.insert(0, helper.make_node("Concat", list(columns), [joined], name="join_columns", axis=1))
    if not any(opset.domain == "" for opset in changed.opset_import):
        changed.opset_import.append(helper.make_opsetid("", 15))
    return changed


def _rename_everywhere(model: ModelProto, names: Sequence[str], matrix: str) -> str:
    """Frees names of columns that the graph uses for something else; outputs keep theirs, which then is a clash of the user's."""
    renamed = {name: f"{name}__value" for name in names}
    for node in model.graph.node:
        for values in (node.input, node.output):
            for position, name in enumerate(values):
                values[position] = renamed.get(name, name)
    for info in (*model.graph.input, *model.graph.output, *model.graph.initializer, *model.graph.value_info):
        info.name = renamed.get(info.name, info.name)
    return renamed.get(matrix, matrix)


def rename_classes(model: ModelProto, label_output: str, labels: Sequence[Label]) -> ModelProto:
    """Lets the label output say `labels[i]` where it said the integer i."""
    changed = ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    inner = f"{label_output}__index"
    for node in graph.node:
        for position, name in enumerate(node.output):
            if name == label_output:
                node.output[position] = inner
    keys = list(range(len(labels)))
    if all(isinstance(label, str) for label in labels):
        values: dict[str, Any] = {"values_strings": [str(label) for label in labels], "default_string": "unknown"}
        element = TensorProto.STRING
    else:
        values, element = {"values_int64s": [int(label) for label in labels], "default_int64": -1}, TensorProto.INT64
    encoder = helper.make_node("LabelEncoder", [inner], [label_output], domain="ai.onnx.ml", keys_int64s=keys, **values)
    graph.node.append(encoder)
    for output in graph.output:
        if output.name == label_output:
            output.CopyFrom(helper.make_tensor_value_info(label_output, element, [None]))
    for opset in changed.opset_import:
        if opset.domain == "ai.onnx.ml":
            opset.version = max(opset.version, 2)
    return changed


TREES = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")
SHAPING = ("Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose")


def with_float_trees(model: ModelProto) -> ModelProto:
    """
    Lets trees in a graph of float64 compute in float32, as scikit-learn and XGBoost do: only what comes before them stays float64. Converters
    leave float64 there, which onnxruntime refuses or compares otherwise.
    """
    changed = ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    nodes: list[NodeProto] = []
    is_float: set[str] = set()
    for node in graph.node:
        if node.op_type in TREES:
            cast = f"{node.input[0]}__float32_{len(nodes)}"
            nodes.append(helper.make_node("Cast", [node.input[0]], [cast], to=TensorProto.FLOAT))
            node.input[0] = cast
            is_float.update(node.output)
        elif node.op_type in SHAPING and node.input[0] in is_float:
            is_float.update(node.output)
        kept = NodeProto()
        kept.CopyFrom(node)
        nodes.append(kept)
    del changed.graph.node[:]
    graph.node.extend(nodes)
    del graph.value_info[:]
    for output in graph.output:
        if output.name in is_float and output.type.tensor_type.elem_type == TensorProto.DOUBLE:
            output.type.tensor_type.elem_type = TensorProto.FLOAT
    return changed


def describe(model: ModelProto, *, labels: Sequence[Label] | None, features: Sequence[str]) -> None:
    """Writes class labels and feature names into the file's metadata, where they are found without the files beside it."""
    facts = {"class_labels": labels, "feature_names": features}
    kept = [(entry.key, entry.value) for entry in model.metadata_props if entry.key not in facts]
    del model.metadata_props[:]
    for key, value in [
        *kept,
        *((key, json.dumps(list(value), ensure_ascii=False)) for key, value in facts.items() if value),
    ]:
        model.metadata_props.add(key=key, value=value)


def forget_paths(model: ModelProto) -> None:
    """Drops the file names of this machine, which torch writes into every node."""
    graph = model.graph
    for item in (*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        kept = [(entry.key, entry.value) for entry in item.metadata_props if "stack_trace" not in entry.key]
        del item.metadata_props[:]
        for key, value in kept:
            item.metadata_props.add(key=key, value=value)
