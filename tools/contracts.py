"""Writes what is generated from `contracts/`: a JSON Schema for each event type, and the AsyncAPI document.

`python -m tools.contracts` writes, `--check` only compares and exits 1 if a file is missing, stale or one too many.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from contracts import audit, decisions, hr, lifecycle, provisioning, topics
from contracts.envelope import Attributes, CloudEvent
from contracts.topics import Topic

ROOT = Path(__file__).parent.parent / "contracts"
VERSION = "1.0.0"
"""Of the whole contract; any change to it raises it."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"

Document = dict[str, Any]

DECISIONS: Mapping[str, type[BaseModel]] = {
    f"tenure.decision.{kind}.v1": model for kind, model in decisions.KINDS.items()
}
TYPES: Mapping[str, type[BaseModel]] = {
    **hr.TYPES,
    **DECISIONS,
    **provisioning.OUTCOMES,
    **lifecycle.CONFIRMATIONS,
    **audit.AUDIT,
}
"""Every CloudEvent type of the contract and the model of its data."""

_WORKERS = [name for name, model in hr.TYPES.items() if model not in hr.DEPARTMENTS]
CARRIES: Mapping[Topic, Sequence[str]] = {
    topics.HR_EVENTS: _WORKERS,  # a sender that writes to Kafka itself may use either topic of workers
    topics.HR_URGENT: _WORKERS,
    topics.HR_DEPARTMENTS: [hr.NAMES[model] for model in sorted(hr.DEPARTMENTS, key=hr.NAMES.__getitem__)],
    topics.HR_QUARANTINE: ["unreadable"],
    topics.OUTCOMES: list(provisioning.OUTCOMES),
    topics.DECISIONS: list(DECISIONS),
    topics.CONFIRMATIONS: list(lifecycle.CONFIRMATIONS),
    topics.AUDIT: list(audit.AUDIT),
}
SENDS: Mapping[str, Sequence[Topic]] = {
    "ingest": topics.INTAKE,
    "provisioner": (topics.HR_QUARANTINE, topics.OUTCOMES, topics.DECISIONS),
    "notifier": (topics.CONFIRMATIONS, topics.AUDIT),
}
RECEIVES: Mapping[str, Sequence[Topic]] = {"provisioner": topics.INTAKE, "notifier": (topics.OUTCOMES,)}


def schemas() -> dict[str, Document]:
    """JSON Schema by event type, and of the envelope in structured form."""
    models: dict[str, type[BaseModel]] = {**TYPES, "cloudevent": CloudEvent}
    return {
        name: {"$schema": DIALECT, "$id": f"urn:tenure:schema:{name}", **model.model_json_schema()}
        for name, model in models.items()
    }


def asyncapi() -> Document:
    """AsyncAPI 3.0: every topic, what it carries, who sends and who receives."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tenure",
            "version": VERSION,
            "description": "HR events in; accounts and permissions that last exactly as long as the job. Every record "
            "is a CloudEvent 1.0 in Kafka's binary mode: attributes in `ce_*` headers, the data as the value.",
        },
        "defaultContentType": "application/json",
        "channels": {_slug(topic.name): _channel(topic) for topic in topics.TOPICS},
        "operations": _operations(),
        "components": {
            "messages": {_slug(name): _message(name) for name in TYPES} | {"unreadable": _unreadable()},
            "schemas": {"CloudEventHeaders": _headers(), **_components()},
        },
    }


def _channel(topic: Topic) -> Document:
    config = {name: [value] if name == "cleanup.policy" else int(value) for name, value in topic.config.items()}
    return {
        "address": topic.name,
        "description": f"{topic.purpose}. Key: {topic.key}.",
        "messages": {_slug(name): _ref("messages", _slug(name)) for name in CARRIES[topic]},
        "bindings": {
            "kafka": {
                "topic": topic.name, "partitions": topic.partitions, "topicConfiguration": config,
                "bindingVersion": "0.5.0",
            }
        },
    }  # fmt: skip


def _operations() -> Document:
    found: Document = {}
    for action, by_service in (("send", SENDS), ("receive", RECEIVES)):
        for service, its in by_service.items():
            for topic in its:
                channel = {"$ref": f"#/channels/{_slug(topic.name)}"}
                title = f"{service} {action}s {topic.name}"
                found[f"{service}-{action}-{_slug(topic.name)}"] = {
                    "action": action,
                    "channel": channel,
                    "title": title,
                }
    return found


def _message(name: str) -> Document:
    model = TYPES[name]
    summary = (model.__doc__ or "").strip().partition("\n")[0]
    return {
        "name": name,
        "title": model.__name__,
        **({"summary": summary} if summary else {}),
        "contentType": "application/json",
        "headers": _ref("schemas", "CloudEventHeaders"),
        "payload": _ref("schemas", model.__name__),
    }


def _unreadable() -> Document:
    names = {
        "tenure_place": "topic/partition/offset where it stood",
        "tenure_reason": "why nobody could read it",
        "tenure_headers": "its own headers: JSON list of [name, value in base64]",
    }
    properties = {name: {"type": "string", "description": text} for name, text in names.items()}
    return {
        "name": "unreadable",
        "title": "Unreadable",
        "summary": "A message nobody could read, its bytes as they were.",
        "contentType": "application/octet-stream",
        "headers": {"type": "object", "required": list(names), "properties": properties},
    }


def _headers() -> Document:
    """Kafka headers are text; which of them every record has."""
    names = {"traceparent": "traceparent"} | {
        name: f"ce_{name}" for name in Attributes.model_fields if name not in ("traceparent", "datacontenttype")
    }
    needed = [names[name] for name, field in Attributes.model_fields.items() if field.is_required()]
    properties = {header: {"type": "string"} for header in ("content-type", *names.values())}
    return {"type": "object", "required": needed, "properties": properties}


def _components() -> Document:
    mode: JsonSchemaMode = "validation"
    models = [(model, mode) for model in dict.fromkeys(TYPES.values())]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")
    return {name: _without_discriminator(schema) for name, schema in found["$defs"].items()}


def _without_discriminator(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """OpenAPI's discriminator is an object, AsyncAPI's a string; `oneOf` with constants says it already."""
    if isinstance(schema, dict):
        return {
            key: _without_discriminator(value)
            for key, value in schema.items()
            if not (key == "discriminator" and isinstance(value, dict) and "mapping" in value)
        }
    return [_without_discriminator(item) for item in schema] if isinstance(schema, list) else schema


def _slug(name: str) -> str:
    return name.replace(".", "-")


def _ref(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}


def files() -> dict[Path, str]:
    """Every generated file and its text."""
    found = {
        ROOT / "schemas" / f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }
    note = "# Generated by `python -m tools.contracts` from the models; do not edit.\n"
    text = yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=120)
    return {**found, ROOT / "asyncapi.yaml": note + text}


def differences(expected: Mapping[Path, str]) -> list[str]:
    """What is missing, stale or one too many, by name."""
    stale = [path for path, text in expected.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    extra = [path for path in (ROOT / "schemas").glob("*.json") if path not in expected]
    return sorted(str(path.relative_to(ROOT.parent)) for path in (*stale, *extra))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.contracts", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 if something differs")
    options = parser.parse_args(arguments)
    expected = files()
    if options.check:
        wrong = differences(expected)
        for name in wrong:
            sys.stderr.write(f"{name} is not what the models say: run `python -m tools.contracts`\n")
        return 1 if wrong else 0
    for path, text in expected.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
