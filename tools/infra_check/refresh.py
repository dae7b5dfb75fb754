"""Takes the names of `table.json` anew from clones of what Microsoft publishes, for exactly what `infra/` uses.

`python -m tools.infra_check.refresh --schemas CLONE --modules CLONE --date DATE`, with clones of
Azure/azure-resource-manager-schemas and Azure/bicep-registry-modules. It reads their newest commit and no network.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from tree_sitter import Node

from tools.infra_check.bicep import BicepFile, Item, plain, properties, read, values
from tools.infra_check.names import NOT_TAKEN, TABLE, bodies
from tools.setup import ROOT

DEFINITIONS = ("resourceDefinitions", "subscription_resourceDefinitions", "unknown_resourceDefinitions")
SIMPLE = {"string": "string", "integer": "int", "int": "int", "number": "int", "boolean": "bool", "bool": "bool"}
# Names of parts of a provider whose schemas are published apart.
PARTS = {
    "Microsoft.Insights/components": "Microsoft.Insights.Application",
    "Microsoft.Network": "Microsoft.Network.NRP",
}
Use = tuple[BicepFile, Node]


class Published(Protocol):
    """A repository of Microsoft's as it was at a commit."""

    commit: str

    def json(self, path: str) -> Any:
        """A JSON file of it."""
        ...


class Clone:
    """The newest commit of a clone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.commit = self._git("rev-parse", "HEAD").strip()

    @cache  # noqa: B019 (one clone lives as long as the command)
    def json(self, path: str) -> Any:
        """A JSON file of the clone."""
        return json.loads(self._git("show", f"HEAD:{path}"))

    def _git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self._folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main(arguments: Sequence[str]) -> int:
    """Write `table.json`; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tools.infra_check.refresh", description=__doc__)
    parser.add_argument("--schemas", type=Path, required=True, metavar="CLONE")
    parser.add_argument("--modules", type=Path, required=True, metavar="CLONE")
    parser.add_argument("--date", required=True, help="when the clones were made, for the table's header")
    options = parser.parse_args(arguments)
    files = [read(path) for path in sorted((ROOT / "infra").rglob("*.bicep"))]
    taken = taken_for(files, Clone(options.schemas), Clone(options.modules), options.date)
    TABLE.write_text(json.dumps(taken, indent=1) + "\n", encoding="utf-8", newline="\n")
    return 0


def taken_for(files: Sequence[BicepFile], schemas: Published, modules: Published, date: str) -> dict[str, Any]:
    """The table of what these files use. Raises SystemExit where a module is there in another version only."""
    about = (
        f"Names of properties, parameters and values, taken on {date} for what infra/ uses from Microsoft's "
        f"Azure/azure-resource-manager-schemas at {schemas.commit} and Azure/bicep-registry-modules at "
        f"{modules.commit} (both MIT). 'unused' marks a level that infra/ does not use and that was not taken."
    )
    return {
        "about": about,
        "types": {target: _type(schemas, target, uses) for target, uses in sorted(_types(files).items())},
        "modules": {
            target: _module(modules, schemas, target, uses) for target, uses in sorted(_modules(files).items())
        },
    }


def _types(files: Iterable[BicepFile]) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for file in files:
        for resource in file.resources.values():
            uses = found.setdefault(resource.target, [])
            if not resource.existing:
                uses += [(file, body) for body in bodies(file, resource)]
    return found


def _modules(files: Iterable[BicepFile]) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = {}
    for file in files:
        for module in file.modules.values():
            if ":" in module.target:
                given = [properties(body).get("params") for body in bodies(file, module)]
                found.setdefault(module.target, []).extend((file, each) for each in given if each is not None)
    return found


def _type(clone: Published, target: str, uses: Sequence[Use]) -> dict[str, Any]:
    path, schema, definition = _definition(clone, target)
    tree: dict[str, Any] = {}
    if uses:
        variants = {_fixed_name(each): each for each in definition.get("oneOf", ())}
        named = {name: each for name, each in variants.items() if name in {_name(use) for use in uses}}
        if named:
            tree["named"] = {name: _tree(schema, each, uses) for name, each in named.items()}
        else:
            tree = _tree(schema, definition, uses)
        for each in (tree, *tree.get("named", {}).values()):
            _without_envelope(each)
    return {"source": path, "body": tree}


def _definition(clone: Published, target: str) -> tuple[str, Any, Any]:
    """The schema file of a type, its content, and the type's own definition."""
    kind, _, version = target.partition("@")
    provider, _, name = kind.partition("/")
    path = f"schemas/{version}/{PARTS.get(kind) or PARTS.get(provider) or provider}.json"
    schema = clone.json(path)
    names = {name.replace("/", "_").lower(), name.rpartition("/")[2].lower()}
    for group in DEFINITIONS:
        for key, definition in schema.get(group, {}).items():
            if key.lower() in names and key.count("_") == name.count("/"):
                return path, schema, definition
    # A child that its parent always has is published as a part of it only; it is named, never made.
    return path, schema, {}


def _without_envelope(tree: dict[str, Any]) -> None:
    """Bicep says type and version in the declaration, and puts children inside."""
    for name in ("type", "apiVersion", "resources"):
        tree.get("properties", {}).pop(name, None)
    if "required" in tree:
        # The schemas ask for `properties` even where nothing in them is needed.
        body = tree["properties"].get("properties")
        optional = not (isinstance(body, Mapping) and body.get("required"))
        left_out = {"type", "apiVersion", *(["properties"] if optional else [])}
        tree["required"] = [name for name in tree["required"] if name not in left_out]


def _module(modules: Published, schemas: Published, target: str, uses: Sequence[Use]) -> dict[str, Any]:
    address, _, version = target.removeprefix("br/public:").partition(":")
    path = f"{address}/main.json"
    published = modules.json(path)
    if not modules.json(f"{address}/version.json")["version"] == version.rpartition(".")[0]:
        raise SystemExit(f"{target}: the clone has another version.")
    level: dict[str, Any] = {"properties": {}, "required": []}
    for name, parameter in published["parameters"].items():
        used = _below(uses, name)
        known = _derived(schemas, parameter) if used else parameter
        level["properties"][name] = _tree(published, known, used)
        if "defaultValue" not in parameter and not parameter.get("nullable"):
            level["required"].append(name)
    return {"source": path, "parameters": level, "outputs": sorted(published["outputs"])}


def _derived(schemas: Published, node: Any) -> Any:
    """A parameter whose type is part of a resource's: that part, with its own schema beside it."""
    source = node.get("metadata", {}).get("__bicep_resource_derived_type!", {}).get("source", "")
    target, _, pointer = source.partition("#")
    if not target or node.get("type") not in ("object", "array") or pointer.endswith("/tags"):
        return {} if target else node
    _, schema, found = _definition(schemas, target)
    for step in [step for step in pointer.split("/") if step][1::2]:
        found = _resolved(schema, found).get("properties", {}).get(step, {})
    return {"$schema of": schema, "node": found}


def _tree(schema: Any, node: Any, uses: Sequence[Use]) -> Any:
    """The names at this level and at each level below that is used."""
    if "$schema of" in node:
        return _tree(node["$schema of"], node["node"], uses)
    node = _resolved(schema, node)
    if fixed := node.get("enum") or node.get("allowedValues"):
        return {"enum": [str(each) for each in fixed]}
    if "items" in node:
        literals = _literals(uses)
        return {"items": _tree(schema, node["items"], literals)} if literals else NOT_TAKEN
    if node.get("properties") or node.get("additionalProperties"):
        return _level(schema, node, uses) if uses else NOT_TAKEN
    return SIMPLE.get(str(node.get("type")), "any")


def _level(schema: Any, node: Any, uses: Sequence[Use]) -> dict[str, Any]:
    level: dict[str, Any] = {
        "properties": {
            name: _tree(schema, each, _below(uses, name)) for name, each in node.get("properties", {}).items()
        }
    }
    if node.get("required"):
        level["required"] = node["required"]
    elif any("nullable" in each for each in node.get("properties", {}).values()):
        level["required"] = [name for name, each in node["properties"].items() if not each.get("nullable")]
    more = node.get("additionalProperties")
    if isinstance(more, Mapping):
        level["values"] = "any"
    return level


def _resolved(schema: Any, node: Any) -> Any:
    """The node itself: references followed, the alternatives of one level joined; an expression is none of them."""
    while True:
        if "$ref" in node:
            if not node["$ref"].startswith("#/definitions/"):
                return {}
            node = schema["definitions"][node["$ref"].removeprefix("#/definitions/")]
        elif "oneOf" in node:
            chosen = [each for each in node["oneOf"] if "expression" not in each.get("$ref", "")]
            if len(chosen) != 1:
                return _joined([_resolved(schema, each) for each in chosen] + [{**node, "oneOf": []}])
            node = chosen[0]
        else:
            return node


def _joined(nodes: Sequence[Any]) -> Any:
    joined: dict[str, Any] = {"type": "object", "properties": {}}
    for node in nodes:
        for name, each in node.get("properties", {}).items():
            if "enum" in each and "enum" in joined["properties"].get(name, {}):
                each = {"enum": joined["properties"][name]["enum"] + each["enum"]}
            elif name in joined["properties"]:
                each = {"oneOf": [joined["properties"][name], each]}
            joined["properties"][name] = each
    return joined


def _fixed_name(variant: Any) -> str:
    patterns = [each.get("pattern", "") for each in variant.get("properties", {}).get("name", {}).get("oneOf", ())]
    return next((each.rpartition("/")[2].rstrip("$") for each in patterns if each), "")


def _name(use: Use) -> str | None:
    name = properties(use[1]).get("name")
    return plain(name) if name is not None else None


def _below(uses: Sequence[Use], name: str) -> list[Use]:
    """How a property is used, wherever its object is."""
    return [
        (file, properties(value)[name])
        for file, expression in uses
        for value in values(expression, file.variables)
        if not isinstance(value, Item) and value.type == "object" and name in properties(value)
    ]


def _literals(uses: Sequence[Use]) -> list[Use]:
    """What stands in the lists of an expression."""
    found: list[Use] = []
    for file, expression in uses:
        for value in values(expression, file.variables):
            if isinstance(value, Item):
                found.append((file, value.node))
            elif value.type == "array":
                found += [(file, each) for each in value.named_children]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
