"""Reads Bicep files into declarations. It knows the language and nothing of Azure; it judges only the syntax."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from tools.infra_check.findings import Problem


@dataclass(frozen=True)
class Declared:
    """A resource or a module: what it is, and the expression of its body."""

    symbol: str
    target: str  # type and version of a resource, path or registry address of a module
    body: Node
    line: int
    existing: bool = False
    nested: bool = False


@dataclass
class BicepFile:
    """The declarations of one file, by name."""

    path: Path
    root: Node
    parameters: dict[str, Node] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    variables: dict[str, Node] = field(default_factory=dict)
    resources: dict[str, Declared] = field(default_factory=dict)
    modules: dict[str, Declared] = field(default_factory=dict)
    outputs: dict[str, Node] = field(default_factory=dict)


class Item:
    """The body of a loop: each element of a list whose length is not known here."""

    def __init__(self, node: Node) -> None:
        self.node = node


def read(path: Path) -> BicepFile:
    """The file's declarations; `broken` says whether they can be trusted."""
    file = BicepFile(path, _parser().parse(path.read_bytes()).root_node)
    for node in file.root.named_children:
        _declare(file, node)
    return file


def broken(file: BicepFile) -> list[Problem]:
    """Where the file is not Bicep."""
    return [
        Problem(file.path, line(node), f"this is no Bicep: {text(node).strip()[:60]!r}")
        for node in walk(file.root)
        if node.type == "ERROR" or node.is_missing
    ]


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for child in node.children:
        yield from walk(child)


def text(node: Node) -> str:
    """The node as it is written."""
    return (node.text or b"").decode("utf-8")


def line(node: Node) -> int:
    """The node's first line, counted from 1."""
    return node.start_point[0] + 1


def plain(node: Node) -> str | None:
    """The value of a string without interpolation; None for anything else."""
    if node.type != "string" or any(child.type == "interpolation" for child in node.named_children):
        return None
    return "".join(text(child) for child in node.named_children)


def properties(body: Node) -> dict[str, Node]:
    """The properties of an object by name; computed names are left out."""
    pairs = [child.named_children for child in body.named_children if child.type == "object_property"]
    named = {_name(pair[0]): pair[1] for pair in pairs if len(pair) == 2}
    return {name: value for name, value in named.items() if name is not None}


def values(expression: Node, variables: Mapping[str, Node]) -> Iterator[Node | Item]:
    """The literals that an expression may become, through variables, conditions, loops and joins; unknown ones not."""
    match expression.type:
        case "for_statement" | "lambda_expression":
            yield Item(expression.named_children[-1])
        case "identifier" if text(expression) in variables:
            yield from values(variables[text(expression)], variables)
        case "ternary_expression" | "if_statement":
            for branch in expression.named_children[1:]:
                yield from values(branch, variables)
        case "parenthesized_expression":
            for child in expression.named_children:
                yield from values(child, variables)
        case "call_expression":
            yield from _of_call(expression, variables)
        case "object" | "array" | "string" | "number" | "boolean":
            yield expression


def _of_call(call: Node, variables: Mapping[str, Node]) -> Iterator[Node | Item]:
    name, arguments = text(call.named_children[0]), call.named_children[-1].named_children
    if name in ("union", "concat"):
        for argument in arguments:
            yield from values(argument, variables)
    elif name == "map" and arguments:
        # The grammar may put the list's own subscript around the lambda; the lambda is what counts.
        for node in walk(arguments[-1]):
            if node.type == "lambda_expression":
                yield Item(node.named_children[-1])
                return


def _declare(file: BicepFile, node: Node) -> None:
    match node.type:
        case "parameter_declaration":
            name = text(node.named_children[0])
            file.parameters[name] = node
            if len(node.named_children) == 2 and not text(node).rstrip().endswith("?"):
                file.required.add(name)
        case "variable_declaration":
            file.variables[text(node.named_children[0])] = node.named_children[-1]
        case "output_declaration":
            file.outputs[text(node.named_children[0])] = node
        case "module_declaration":
            symbol, target = node.named_children[:2]
            file.modules[text(symbol)] = Declared(
                text(symbol), plain(target) or "", node.named_children[-1], line(node)
            )
        case "resource_declaration":
            _declare_resource(file, node, within="")


def _declare_resource(file: BicepFile, node: Node, within: str) -> None:
    symbol, target, body = text(node.named_children[0]), plain(node.named_children[1]) or "", node.named_children[-1]
    if within:
        parent, _, version = within.partition("@")
        target = f"{parent}/{target}" if "@" in target else f"{parent}/{target}@{version}"
    existing = any(child.type == "existing" for child in node.children) or " existing " in text(node).partition("{")[0]
    file.resources[symbol] = Declared(symbol, target, body, line(node), existing, bool(within))
    for literal in values(body, {}):
        inner = literal.node if isinstance(literal, Item) else literal
        for child in inner.named_children:
            for nested in child.named_children:
                if nested.type == "resource_declaration":
                    _declare_resource(file, nested, within=target)


def _name(node: Node) -> str | None:
    return text(node) if node.type == "identifier" else plain(node)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bicep.language()))
