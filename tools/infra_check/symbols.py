"""Every symbol that a file uses is declared in it, and every parameter and variable that it declares is used."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from tools.infra_check.bicep import BicepFile, line, text, walk
from tools.infra_check.findings import Problem

# Functions and namespaces of Bicep that may be used here; a new one is added once it has been looked up.
FUNCTIONS = {
    "concat",
    "contains",
    "deployer",
    "deployment",
    "empty",
    "environment",
    "guid",
    "join",
    "last",
    "length",
    "listKeys",
    "loadJsonContent",
    "map",
    "range",
    "replace",
    "resourceGroup",
    "split",
    "string",
    "subscription",
    "subscriptionResourceId",
    "take",
    "tenant",
    "toLower",
    "toObject",
    "trim",
    "union",
    "uniqueString",
}
DECORATORS = {
    "allowed",
    "description",
    "maxLength",
    "maxValue",
    "metadata",
    "minLength",
    "minValue",
}
DECLARATIONS = ("parameter_declaration", "variable_declaration", "output_declaration")
LOOPS = ("for_statement", "lambda_expression")


def unknown_symbols(file: BicepFile) -> Iterator[Problem]:
    """Symbols that are used and not declared, and parameters and variables that are declared and not used."""
    declared = {*file.parameters, *file.variables, *file.resources, *file.modules}
    used: set[str] = set()
    for node in _uses(file.root):
        name = text(node)
        used.add(name)
        if name not in declared | FUNCTIONS | DECORATORS | _bound_around(node):
            yield Problem(file.path, line(node), f"{name!r} is not declared")
    for name in sorted({*file.parameters, *file.variables} - used):
        where = file.parameters.get(name) or file.variables[name]
        yield Problem(file.path, line(where), f"{name!r} is not used")


def _uses(root: Node) -> Iterator[Node]:
    for node in walk(root):
        if node.type == "identifier" and node.parent is not None and not _is_name(node, node.parent):
            yield node


def _is_name(node: Node, parent: Node) -> bool:
    """Whether an identifier names something instead of standing for it."""
    first = bool(parent.named_children) and parent.named_children[0] == node
    if parent.type in (*DECLARATIONS, "resource_declaration", "module_declaration", "object_property"):
        return first
    return parent.type == "resource_expression" and not first


def _bound_around(node: Node) -> set[str]:
    """The names that the loops and lambdas around a node give to their items."""
    bound: set[str] = set()
    above: Node | None = node
    while above is not None:
        if above.type in LOOPS:
            head = re.split(r"=>|\sin\s", text(above), maxsplit=1)[0]
            bound |= set(re.findall(r"\w+", head)) - {"for"}
        above = above.parent
    return bound
