"""Which room may import which `azure` package, and who may read the environment and the clock."""

import ast
import sys
from pathlib import Path

from tests.architecture.source import imported, modules, relative, tree, within

SDKS = ("azure.core", "azure.identity", "azure.mgmt", "azure.storage")
ENGINES = ("azure.functions", "azure.durable_functions", "durabletask")
CLOCKS = {"now", "utcnow", "today"}
PRODUCT = ("shared", "function_app.py")


def offenders(packages: tuple[str, ...], *allowed: str) -> list[str]:
    return [
        f"{relative(module)} imports {name}"
        for module in modules(*PRODUCT)
        if not relative(module).startswith(allowed)
        for name in imported(module)
        if within(name, packages)
    ]


def reads_environment(module: Path) -> bool:
    if any(within(name, ("os.environ", "os.getenv", "os.environb")) for name in imported(module)):
        return True
    attributes = (node.attr for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute))
    return not {"environ", "environb", "getenv"}.isdisjoint(attributes)


def test_only_the_gateway_imports_azure_sdks() -> None:
    assert offenders(SDKS, "shared/gateway/") == []


def test_only_the_workflow_and_the_door_import_the_functions_libraries() -> None:
    assert offenders(ENGINES, "shared/workflow/", "function_app.py") == []


def test_only_the_gateway_imports_opentelemetry() -> None:
    assert offenders(("opentelemetry",), "shared/gateway/traces.py") == []


def test_no_other_azure_package_is_imported_anywhere() -> None:
    unknown = [
        f"{relative(module)} imports {name}"
        for module in modules(*PRODUCT)
        for name in imported(module)
        if within(name, ("azure",)) and not within(name, SDKS + ENGINES)
    ]
    assert unknown == []


def test_domain_imports_only_the_standard_library_and_pydantic() -> None:
    allowed = {*sys.stdlib_module_names, "pydantic"}
    foreign = [
        f"{relative(module)} imports {name}"
        for module in modules("shared/domain")
        for name in imported(module)
        if name.split(".")[0] not in allowed and not within(name, ("shared.domain",))
    ]
    assert foreign == []


def test_domain_asks_no_clock() -> None:
    askers = [
        f"{relative(module)}:{node.lineno}"
        for module in modules("shared/domain")
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    ]
    assert askers == []


def test_only_settings_reads_the_environment() -> None:
    readers = [relative(module) for module in modules(*PRODUCT) if reads_environment(module)]
    assert readers == ["shared/settings.py"]
