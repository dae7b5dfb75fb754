"""An invoker without functions: it remembers what it was asked to run and does as the test says."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azure_functions_runtime.bindings.datumdef import Datum

from local.host.app import Function


def function(kind: str, **trigger: Any) -> Function:
    """Make a function that exists in name only."""
    return Function("sample", {"type": kind, "name": "value", **trigger}, (), (), info=None)


@dataclass
class FakeInvoker:
    """Runs `action` for each invocation."""

    action: Callable[[str], Awaitable[None]]
    values: list[Any] = field(default_factory=list)
    metadata: list[dict[str, Any]] = field(default_factory=list)

    async def invoke(
        self,
        function: Function,
        value: Datum,
        metadata: Mapping[str, Datum] | None = None,
        trigger_values: Mapping[str, str] | None = None,
    ) -> Datum | None:
        text = value.value.decode() if isinstance(value.value, bytes) else value.value
        self.values.append(text)
        self.metadata.append({name: datum.value for name, datum in (metadata or {}).items()})
        await self.action(text)
        return None


async def succeed(_: str) -> None:
    """End at once."""


async def fail(_: str) -> None:
    raise ValueError("as the test wants it")
