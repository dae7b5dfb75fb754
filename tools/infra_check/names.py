"""Every name in a resource or module is one that Azure knows: properties, fixed values, parameters and outputs.

The names are in `table.json`, which says where and when they were taken from what Microsoft publishes. A level that
no file of ours used at that time is not in it; a new use of such a level is a problem too, until it is taken.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tree_sitter import Node

from tools.infra_check.bicep import BicepFile, Declared, Item, line, plain, properties, read, text, values, walk
from tools.infra_check.findings import Problem

TABLE = Path(__file__).with_name("table.json")
LANGUAGE = {"scope", "parent", "dependsOn"}
NOT_TAKEN = "unused"
PRIMITIVES = {"string": "string", "number": "int", "boolean": "bool", "array": "array", "object": "object"}


@cache
def table() -> dict[str, Any]:
    """The names that are known, by `type@version` and by module address."""
    known: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return known


def unknown_names(file: BicepFile) -> Iterator[Problem]:
    """Names that Azure does not know, values it does not take, and what is missing."""
    for resource in file.resources.values():
        yield from _resource(file, resource)
    for module in file.modules.values():
        yield from _module(file, module)
    yield from _outputs_used(file)


def bodies(file: BicepFile, declared: Declared) -> Iterator[Node]:
    """The objects that describe a resource or module, one for each of its forms."""
    for value in values(declared.body, {}):
        yield value.node if isinstance(value, Item) else value


def _resource(file: BicepFile, resource: Declared) -> Iterator[Problem]:
    known = table()["types"].get(resource.target)
    if known is None:
        yield Problem(file.path, resource.line, f"{resource.target} is no resource type of the table")
        return
    if resource.existing:
        return
    for body in bodies(file, resource):
        tree = dict(known["body"])
        name = plain(properties(body).get("name", body)) or ""
        tree = tree.get("named", {}).get(name, tree)
        yield from _object(file, body, tree, resource.target, LANGUAGE)


def _module(file: BicepFile, module: Declared) -> Iterator[Problem]:
    interface = interface_of(file.path, module.target)
    if interface is None:
        yield Problem(file.path, module.line, f"there is no module {module.target}")
        return
    for body in bodies(file, module):
        given = properties(body).get("params")
        if given is None:
            if interface["parameters"].get("required"):
                yield Problem(file.path, module.line, f"{module.target} needs params")
            continue
        yield from _value(file, given, interface["parameters"], module.target)


def interface_of(path: Path, target: str) -> dict[str, Any] | None:
    """The parameters and outputs of a module, from the table or from the file beside; None when there is none."""
    if ":" in target:
        published: dict[str, Any] | None = table()["modules"].get(target)
        return published
    place = path.parent / target
    if not place.is_file():
        return None
    file = read(place)
    parameters = {"properties": dict.fromkeys(file.parameters, "any"), "required": sorted(file.required)}
    return {"parameters": parameters, "outputs": sorted(file.outputs)}


def _value(file: BicepFile, expression: Node, known: Any, where: str) -> Iterator[Problem]:
    for value in values(expression, file.variables):
        if isinstance(value, Item):
            if isinstance(known, dict) and "items" in known:
                yield from _value(file, value.node, known["items"], where)
        else:
            yield from _literal(file, value, known, where)


def _literal(file: BicepFile, value: Node, known: Any, where: str) -> Iterator[Problem]:
    if known == NOT_TAKEN and value.named_children:
        yield Problem(file.path, line(value), f"{where}: this level is not in the table; take it (tools/infra_check)")
    elif isinstance(known, str):
        if known not in ("any", NOT_TAKEN, PRIMITIVES[value.type]):
            yield Problem(file.path, line(value), f"{where}: {text(value)[:40]} is no {known}")
    elif "enum" in known:
        fixed = plain(value) if value.type == "string" else None
        if fixed is not None and fixed not in known["enum"]:
            yield Problem(file.path, line(value), f"{where}: {fixed!r} is none of {', '.join(known['enum'])}")
    elif "items" in known:
        if value.type != "array":
            yield Problem(file.path, line(value), f"{where}: a list is needed")
            return
        for element in value.named_children:
            yield from _value(file, element, known["items"], where)
    elif value.type != "object":
        yield Problem(file.path, line(value), f"{where}: an object is needed")
    else:
        yield from _object(file, value, known, where, set())


def _object(file: BicepFile, body: Node, known: Any, where: str, more: set[str]) -> Iterator[Problem]:
    names = known.get("properties", {})
    given = properties(body)
    for name, value in given.items():
        below = names.get(name, known.get("values"))
        if below is not None:
            yield from _value(file, value, below, f"{where} {name}")
        elif name not in more:
            yield Problem(file.path, line(value), f"{where} has no {name!r}{_meant(name, names)}")
    for name in known.get("required", ()):
        if name not in given:
            yield Problem(file.path, line(body), f"{where} lacks {name!r}")


def _meant(name: str, names: dict[str, Any]) -> str:
    same = [known for known in names if known.lower() == name.lower()]
    return f"; {same[0]!r} is meant" if same else ""


def _outputs_used(file: BicepFile) -> Iterator[Problem]:
    # How the grammar reads `a!.outputs.b` and `a[0].outputs.b` depends on what stands around it; the text does not.
    for node in walk(file.root):
        if node.type not in ("member_expression", "ternary_expression", "subscript_expression"):
            continue
        for match in re.finditer(r"\b(\w+)(?:\[[^]]*\])?!?\.outputs\.(\w+)", text(node)):
            module = file.modules.get(match[1])
            interface = module and interface_of(file.path, module.target)
            if interface and match[2] not in interface["outputs"]:
                yield Problem(file.path, line(node), f"{module.target} has no output {match[2]!r}")  # type: ignore[union-attr]
