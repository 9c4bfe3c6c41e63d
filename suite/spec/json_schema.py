"""The JSON Schema of a spec for editors: structure from pydantic, names and arguments from the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from suite.catalog import KINDS, Catalog, Entry, Parameter
from suite.models import MODELS
from suite.spec.document import BenchmarkDocument
from suite.spec.own_components import OWN_KINDS
from suite.spec.parameter_types import schema_of
from suite.tasks import TASKS

Schema = dict[str, Any]

_SCALAR: Schema = {"type": ["number", "string", "boolean"]}
_SCALARS: Schema = {"type": "array", "minItems": 1, "items": _SCALAR}
_LABEL: Schema = {
    "type": ["string", "number"],
    "maxLength": 40,
    "description": "label of this level in tables and charts",
}
_OWN_PATTERN = r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$"


def benchmark_schema() -> Schema:
    """The JSON Schema (draft 2020-12) of a benchmark document; conflicts between factors are only found by `suite check`."""
    schema = untitled(BenchmarkDocument.model_json_schema())
    schema["$defs"] |= {
        "label": _LABEL,
        **{_definition(kind): _component(kind, table) for kind, table in KINDS.items()},
    }
    properties = schema["properties"]
    properties["task"] |= _task()
    properties["model"] |= _names(MODELS.values())
    properties["exclude"]["items"]["additionalProperties"] = {"anyOf": [_SCALAR, _SCALARS]}
    return {**schema, "allOf": [_family(entry) for entry in MODELS.values()]}


def _family(model: Entry) -> Schema:
    """Factors that can be fixed and varied in a document with this model family."""
    parameters: dict[str, Parameter] = {}
    for entry in (model, *TASKS.values()):
        for parameter in entry.parameters:
            parameters.setdefault(parameter.name, parameter)
    fixed = {name: _value(p) for name, p in parameters.items()}
    grid = {name: _axis(p) for name, p in parameters.items()}
    excluded: Schema = {name: {} for name in parameters}
    return {
        "if": {"properties": {"model": {"enum": [model.name, *model.aliases]}}, "required": ["model"]},
        "then": {
            "properties": {
                "fixed": {"properties": fixed, "additionalProperties": False},
                "grid": {"properties": grid, "additionalProperties": False},
                "exclude": {"items": {"properties": excluded, "additionalProperties": False}},
            }
        },
    }


def _axis(parameter: Parameter) -> Schema:
    return {"description": parameter.summary, "type": "array", "minItems": 1, "items": _value(parameter, varied=True)}


def _value(parameter: Parameter, *, varied: bool = False) -> Schema:
    """Schema of one value of a parameter; `varied` for a level of the grid, which is never null."""
    if parameter.type != "component":
        return schema_of(parameter, null=not varied)
    about = {"description": parameter.summary, "default": parameter.default}
    return {**about, "$ref": f"#/$defs/{_definition(parameter.catalog or '')}"}


def _definition(kind: str) -> str:
    return f"level_of_{kind}"


def _component(kind: str, table: Catalog[Any]) -> Schema:
    """A level of a component: a name, or a mapping with a name, its arguments and a label."""
    label = {"label": {"$ref": "#/$defs/label"}}
    plain = [entry for entry in table.values() if not entry.parameters]
    forms = [_names(table.values()), *(_mapping(e, label, _required(e)) for e in table.values() if e.parameters)]
    if plain:
        forms.append(_object({"name": _names(plain), **label}, ["name"]))
    if kind in OWN_KINDS:
        name = {"type": "string", "pattern": _OWN_PATTERN, "description": "custom component, package.module:attribute"}
        forms += [name, {**_object({"name": name, **label}, ["name"]), "additionalProperties": _SCALAR}]
    return {"anyOf": forms}


def _task() -> Schema:
    """A task: a name, or a mapping with its name and arguments; arguments can be factors instead."""
    return {"anyOf": [_names(TASKS.values()), *(_mapping(entry, {}, []) for entry in TASKS.values())]}


def _names(entries: Iterable[Entry]) -> Schema:
    """The names and aliases of entries with their descriptions."""
    entries = list(entries)
    names = {entry.name: entry.summary for entry in entries}
    names |= {alias: f"{entry.name}: {entry.summary}" for entry in entries for alias in entry.aliases}
    return {"type": "string", "enum": list(names), "enumDescriptions": list(names.values())}


def _mapping(entry: Entry, more: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    arguments = {p.name: _value(p) for p in entry.parameters}
    return {"description": entry.summary} | _object({"name": _names([entry]), **arguments, **more}, ["name", *required])


def _required(entry: Entry) -> list[str]:
    return [p.name for p in entry.parameters if p.required]


def _object(properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    return {"type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False}


def untitled(schema: Any) -> Any:
    """A schema without pydantic's generated titles."""
    if isinstance(schema, list):
        return [untitled(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: untitled(value) for key, value in schema.items() if key != "title" or isinstance(value, dict)}
