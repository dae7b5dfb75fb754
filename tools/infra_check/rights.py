"""The custom role grants exactly what the gateway calls: no right too few, none too many.

The calls are found in the gateway's source; the right that each needs comes from the address that the SDK itself would
ask. Rights on blobs and queues are Azure's own roles and are not checked here.
"""

import ast
import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tools.infra_check.findings import Problem
from tools.setup import ROOT

GATEWAY = ROOT / "shared" / "gateway"
ROLE = ROOT / "infra" / "roles" / "image-factory.json"
# The methods of AzureClients that give a client, and the SDK's package.
CLIENTS = {"labs": "azure.mgmt.devtestlabs", "compute": "azure.mgmt.compute"}
VERBS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
# Azure's own spelling of what it does not spell so in its addresses.
SPELLING = {
    "microsoft.devtestlab/labs/customimages": "Microsoft.DevTestLab/labs/customImages",
    "microsoft.devtestlab/labs/virtualmachines": "Microsoft.DevTestLab/labs/virtualMachines",
}


class Call(NamedTuple):
    """One call of an SDK's operation in the source."""

    path: Path
    line: int
    package: str
    group: str
    operation: str


def differences(gateway: Path = GATEWAY, role: Path = ROLE) -> Iterator[Problem]:
    """Rights that a call needs and the role lacks, and rights of the role that no call needs."""
    granted = set(json.loads(role.read_text(encoding="utf-8"))["Actions"])
    needed: dict[str, Call] = {}
    for path in sorted(gateway.glob("*.py")):
        for call in calls(path):
            needed.setdefault(right(call), call)
    for action in sorted(needed.keys() - granted):
        call = needed[action]
        yield Problem(call.path, call.line, f"{call.operation} needs {action}, which {role.name} does not grant")
    for action in sorted(granted - needed.keys()):
        yield Problem(role, 0, f"grants {action}, which no call of the gateway needs")


def calls(path: Path) -> Iterator[Call]:
    """The calls of management operations in a module, each with the SDK that its client belongs to."""
    for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        clients = _clients_by_name(function)
        for node in ast.walk(function):
            match node:
                case ast.Call(ast.Attribute(ast.Attribute(receiver, group), operation)):
                    package = clients.get(receiver.id) if isinstance(receiver, ast.Name) else _package(receiver)
                    if package:
                        yield Call(path, node.lineno, package, group, operation)


def right(call: Call) -> str:
    """The right that an operation needs, such as Microsoft.Compute/disks/read."""
    request = _builder(call)
    parameters = inspect.signature(request).parameters.values()
    needed = [each.name for each in parameters if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
    sent = request(**dict.fromkeys(needed, "x" * 10))
    resource = re.split(r"[?]", str(sent.url))[0].rpartition("/providers/")[2].split("/")
    provider, steps = resource[0], resource[1:]
    if sent.method == "POST":
        kinds, verb = steps[:-1:2], f"{steps[-1]}/action"
    else:
        kinds, verb = steps[::2], VERBS[sent.method]
    kind = "/".join([provider, *kinds])
    return f"{SPELLING.get(kind.lower(), kind)}/{verb}"


def _builder(call: Call) -> Callable[..., Any]:
    """The SDK's own function that writes the request of an operation."""
    name = f"build_{call.group}_{call.operation.removeprefix('begin_')}_request"
    operations = importlib.import_module(f"{call.package}.operations")
    for operation_group in vars(operations).values():
        if inspect.isclass(operation_group):
            module = importlib.import_module(operation_group.__module__)
            for known in (name, name.replace(f"build_{call.group}_", "build_")):
                if hasattr(module, known) and (known == name or _names_group(operation_group, call.group)):
                    return getattr(module, known)  # type: ignore[no-any-return]
    raise LookupError(f"{call.package} has no operation {call.group}.{call.operation}.")


def _names_group(operation_group: type, group: str) -> bool:
    return operation_group.__name__.lower() == f"{group.replace('_', '')}operations"


def _clients_by_name(function: ast.FunctionDef) -> dict[str, str]:
    """The local names that hold a client."""
    named: dict[str, str] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign([ast.Name(name)], value) if package := _package(value):
                named[name] = package
    return named


def _package(expression: ast.expr) -> str | None:
    """The SDK of an expression such as `self._clients.labs(subscription)`."""
    match expression:
        case ast.Call(ast.Attribute(ast.Attribute(_, "_clients"), method)):
            return CLIENTS.get(method)
    return None
