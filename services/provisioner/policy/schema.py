"""The JSON Schema of tenure.yaml, so that editors complete it and mark mistakes while it is typed.

`python -m services.provisioner.policy.schema` writes it beside this file.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.provisioner.policy.load import Kind
from services.provisioner.policy.models import File

FILE = Path(__file__).with_name("tenure.schema.json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
PERIOD = {"type": "string", "pattern": r"^\d+[smhd]$"}
PLACEHOLDER = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}"}

Schema = dict[str, Any]


def schema(kinds: Mapping[str, Kind]) -> Schema:
    """The schema for these kinds of target: what stands under a target depends on its `type`."""
    whole = File.model_json_schema(by_alias=True)
    definitions: Schema = whole["$defs"]
    target = definitions["TargetSection"]
    target["properties"]["type"]["enum"] = sorted(kinds)
    target.pop("additionalProperties", None)
    target["unevaluatedProperties"] = False
    target["allOf"] = [_kind(name, kinds[name], definitions) for name in sorted(kinds)]
    definitions["SourceConfig"] = _open(definitions["SourceConfig"])
    whole["title"] = "tenure.yaml"
    fitted: Schema = _fitted(whole)
    return {"$schema": DIALECT, **fitted}


def text(kinds: Mapping[str, Kind]) -> str:
    return json.dumps(schema(kinds), indent=2, ensure_ascii=False) + "\n"


def _kind(name: str, kind: Kind, definitions: Schema) -> Schema:
    config = kind.config.model_json_schema(by_alias=True)
    for inner, definition in config.pop("$defs", {}).items():
        definitions[inner] = _open(definition)
    then = {key: value for key, value in _open(config).items() if key in ("properties", "required")}
    return {"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": then}


def _open(definition: Schema) -> Schema:
    """The same where every value may be a placeholder instead."""
    properties = {
        name: value if "$ref" in value or value.get("type") in ("object", "array") else {"anyOf": [value, PLACEHOLDER]}
        for name, value in definition.get("properties", {}).items()
    }
    return {**definition, "properties": properties}


def _fitted(node: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Periods as people write them, not as ISO 8601 does."""
    if isinstance(node, dict):
        if node.get("format") == "duration":
            return {key: value for key, value in node.items() if key not in ("format", "default")} | PERIOD
        return {key: _fitted(value) for key, value in node.items()}
    return [_fitted(item) for item in node] if isinstance(node, list) else node


if __name__ == "__main__":
    from services.provisioner.connectors.registry import KINDS

    FILE.write_text(text(KINDS), "utf-8")
