"""
What JSON Schema cannot say about bodies that are taken: lists are of one length, and a tensor has as many values as its shape says. Where the fuzzer
makes bodies that must be taken it is told by narrower schemas: two rows, and every tensor once. It knows no CSV, .npy or binary tensors either; their
decoders are fuzzed by dev/fuzz-decoders.ts.
"""

import math
import os

import schemathesis

ROWS = 2


@schemathesis.hook
def before_load_schema(context: object, raw_schema: dict) -> None:
    for operations in raw_schema["paths"].values():
        for operation in operations.values():
            # A client that waits for a millisecond is answered 504, as it should be.
            operation.pop("parameters", None)
            content = operation.get("requestBody", {}).get("content", {})
            for media_type in [each for each in content if each != "application/json"]:
                del content[media_type]
    if os.environ.get("NARROW"):
        schemas = raw_schema["components"]["schemas"]
        narrow_lists(schemas["ColumnsRequest"]["properties"]["inputs"])
        narrow_lists(schemas["Row"])
        narrow_tensors(schemas["InferRequest"]["properties"]["inputs"])
        # Two that differ only in keys nobody knows would ask for one output twice.
        schemas["InferRequest"]["properties"]["outputs"]["maxItems"] = 1


def narrow_lists(schema: object) -> None:
    """Lists of any length get the same one: those of one model mostly have to agree."""
    if isinstance(schema, list):
        for each in schema:
            narrow_lists(each)
    if isinstance(schema, dict):
        if schema.get("type") == "array" and "maxItems" not in schema:
            schema["minItems"] = schema["maxItems"] = ROWS
        for each in schema.values():
            narrow_lists(each)


def narrow_tensors(inputs: dict) -> None:
    tensors = inputs["items"].get("anyOf", [inputs["items"]])
    for tensor in tensors:
        shape = tensor["properties"]["shape"]
        lengths = [length.get("const", ROWS) for length in shape.get("prefixItems", [])]
        shape["prefixItems"] = [{"const": length} for length in lengths]
        shape["minItems"] = shape["maxItems"] = len(lengths)
        data = tensor["properties"]["data"]
        data["minItems"] = data["maxItems"] = math.prod(lengths)
    inputs["prefixItems"] = tensors
    inputs["items"] = False
