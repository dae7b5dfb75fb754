"""Rules of security that every file in `infra/` keeps. Checkov knows more rules but sees into no verified module."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tree_sitter import Node

from tools.infra_check.bicep import BicepFile, line, plain, properties, text, walk
from tools.infra_check.findings import Problem
from tools.infra_check.names import bodies
from tools.setup import ROOT

BUILT_IN = ROOT / "infra" / "roles" / "built-in.json"
# Module or type (up to its version) -> what its parameters or properties must be, as they are written.
MUST_BE = {
    "br/public:avm/res/storage/storage-account": {
        "allowSharedKeyAccess": "false",
        "allowBlobPublicAccess": "false",
        "allowCrossTenantReplication": "false",
        "minimumTlsVersion": "'TLS1_2'",
        "supportsHttpsTrafficOnly": "true",
    },
    "br/public:avm/res/insights/component": {"disableLocalAuth": "true"},
    "Microsoft.Web/sites": {"httpsOnly": "true"},
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": {"allow": "false"},
    "Microsoft.Storage/storageAccounts/blobServices/containers": {"publicAccess": "'None'"},
}
SITE_MUST_BE = {"minTlsVersion": "'1.2'", "ftpsState": "'Disabled'"}
# The right to give rights, or to do everything: never given to the factory.
TOO_MUCH = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
    "17d1049b-9a84-46fb-8f53-869881c3d3ab": "Storage Account Contributor",
}
KEY_FUNCTIONS = ("listKeys", "listAccountSas", "listServiceSas", "listSecrets")
# The one key that is read: that of the blob extension, which Event Grid must show to the app.
KEYS_ALLOWED = {"upload-events.bicep": "blobs_extension"}
SECRET_NAMES = ("connectionstring", "accountkey", "sharedkey", "accesskey", "secret", "password", "sastoken")


def breaches(file: BicepFile) -> Iterator[Problem]:
    """Where a file breaks a rule."""
    yield from _settings(file)
    yield from _keys(file)
    yield from _roles(file)
    for name, output in file.outputs.items():
        if any(secret in f"{name} {text(output)}".lower() for secret in SECRET_NAMES):
            yield Problem(file.path, line(output), f"the output {name!r} may hold a secret; outputs are kept and shown")


def _settings(file: BicepFile) -> Iterator[Problem]:
    for declared in (*file.resources.values(), *file.modules.values()):
        target = declared.target.rpartition("@")[0] or declared.target.rpartition(":")[0]
        for body in [] if declared.existing else bodies(file, declared):
            inner = properties(body).get("params") or properties(body).get("properties")
            yield from _must_be(file, inner or body, MUST_BE.get(target, {}), declared.target)
            if target == "Microsoft.Web/sites" and inner is not None:
                site = properties(inner).get("siteConfig", inner)
                yield from _must_be(file, site, SITE_MUST_BE, f"{declared.target} siteConfig")


def _must_be(file: BicepFile, body: Node, wanted: dict[str, str], where: str) -> Iterator[Problem]:
    given = properties(body)
    for name, value in wanted.items():
        written = text(given[name]) if name in given else "not set"
        if written != value:
            yield Problem(file.path, line(given.get(name, body)), f"{where}: {name} must be {value}; it is {written}")


def _keys(file: BicepFile) -> Iterator[Problem]:
    for node in walk(file.root):
        if node.type != "call_expression" or not text(node).startswith(KEY_FUNCTIONS):
            continue
        allowed = KEYS_ALLOWED.get(file.path.name)
        if allowed is None or f".{allowed}" not in text(_around(node)):
            yield Problem(file.path, line(node), "a key is read; the factory uses none")


def _around(call: Node) -> Node:
    """The interpolation that a call stands in, or the call itself."""
    above: Node | None = call
    while above is not None:
        if above.type == "interpolation" and above != call:
            return above
        above = above.parent
    return call


def _roles(file: BicepFile) -> Iterator[Problem]:
    for node in walk(file.root):
        literal = plain(node) or ""
        if literal in TOO_MUCH:
            yield Problem(file.path, line(node), f"the role {TOO_MUCH[literal]} is too much")
    # The grammar reads `a, roles['b']` in several ways; the text has one.
    for number, written in enumerate(text(file.root).splitlines(), start=1):
        for name in re.findall(r"\broles\['([^']*)'\]", written):
            if name not in _built_in(BUILT_IN):
                yield Problem(file.path, number, f"{BUILT_IN.name} has no role {name!r}")


def too_much_in(path: Path) -> Iterator[Problem]:
    """Roles of a table of roles that are too much."""
    for name, identifier in _built_in(path).items():
        if identifier in TOO_MUCH:
            yield Problem(path, 0, f"{name!r} is the role {TOO_MUCH[identifier]}, which is too much")


@cache
def _built_in(path: Path) -> dict[str, str]:
    roles: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return roles
