"""Runs one function with the real worker's converters. It decides nothing about retries: callers do."""

import asyncio
import logging
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from azure_functions_runtime import invocation_id_cv, native_invocation, start_threadpool_executor
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.utils.executor import run_sync_func
from azure_functions_runtime.utils.threadpool import get_threadpool_executor

from local.host.app import Binding, Function, describe
from local.host.errors import FunctionTimeout, InvocationError

_log = logging.getLogger(__name__)


class OutputWriter(Protocol):
    """Takes what a function gave to its output bindings."""

    async def write(self, binding: Binding, value: Datum, trigger_values: Mapping[str, str]) -> None:
        """Write the value where the binding says."""


class Invokes(Protocol):
    """Runs a function on a trigger's value."""

    async def invoke(
        self,
        function: Function,
        value: Datum,
        metadata: Mapping[str, Datum] | None = None,
        trigger_values: Mapping[str, str] | None = None,
    ) -> Datum | None:
        """Give what the function returned; raises what it raised."""


def size_thread_pool(threads: int) -> None:
    """Start the worker's pool with at least so many threads; sync activities and all turns share it."""
    asked = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
    os.environ["PYTHON_THREADPOOL_THREAD_COUNT"] = str(max(threads, int(asked) if asked.isdigit() else 0))
    start_threadpool_executor()


class Invoker:
    """Invokes functions: converts inputs, runs the function within its time and writes its outputs."""

    def __init__(self, durable_client: str, outputs: OutputWriter, timeout: float | None) -> None:
        """Take the JSON that durable clients are made of, and the time in seconds a function may take."""
        self._durable_client = Datum(durable_client, "string")
        self._outputs = outputs
        self._timeout = timeout

    async def invoke(
        self,
        function: Function,
        value: Datum,
        metadata: Mapping[str, Datum] | None = None,
        trigger_values: Mapping[str, str] | None = None,
    ) -> Datum | None:
        """Run the function on a trigger's value and give what it returned.

        `trigger_values` fill the `{name}` parts of output paths. Raises whatever the function raised,
        `FunctionTimeout`, or `InvocationError` where a function tried to end the host.
        """
        inputs = [(str(function.trigger["name"]), value)]
        inputs += [(str(binding["name"]), self._durable_client) for binding in function.inputs]
        try:
            async with asyncio.timeout(self._timeout) as limit:
                returned, outputs = await _run(function.info, inputs, metadata or {})
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise FunctionTimeout(f"Function {function.name} took longer than {self._timeout:g} s") from error
        except (SystemExit, KeyboardInterrupt) as error:
            raise InvocationError(f"Function {function.name} raised {type(error).__name__}") from error
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise
            raise InvocationError(f"Function {function.name} raised CancelledError") from error
        return await self._write(function, returned, outputs, trigger_values or {})

    async def _write(
        self,
        function: Function,
        returned: Datum | None,
        outputs: list[tuple[str, Datum]],
        trigger_values: Mapping[str, str],
    ) -> Datum | None:
        bindings = {str(binding["name"]): binding for binding in function.outputs}
        written = [(bindings[name], datum) for name, datum in outputs]
        result = bindings.get("$return")
        if result is not None and returned is not None and result["type"] != "http":
            written.append((result, returned))
        for binding, datum in written:
            if datum.type is not None:
                await self._outputs.write(binding, datum, trigger_values)
        return returned


async def _run(
    info: Any, inputs: list[tuple[str, Datum]], metadata: Mapping[str, Datum]
) -> tuple[Datum | None, list[tuple[str, Datum]]]:
    # The worker's own entry gives exceptions as text only; its parts keep the exception, which names the error type.
    invocation_id = str(uuid.uuid4())
    arguments = native_invocation._decode_inputs(info, inputs, metadata)
    context = native_invocation._prepare_context(info, invocation_id, arguments)
    if info.is_async:
        token = invocation_id_cv.set(invocation_id)
        try:
            result = await info.func(**arguments)
        finally:
            with suppress(ValueError):
                invocation_id_cv.reset(token)
    else:
        pool = get_threadpool_executor()
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(pool, run_sync_func, invocation_id, context, info.func, arguments)
    native_invocation._check_return(info, result)
    return native_invocation._encode_return(info, result), native_invocation._collect_output(info, arguments)


def log_failure(function: Function, error: BaseException) -> None:
    """Report a failed invocation in one line; the traceback is there at debug level."""
    _log.error("Function %s failed: %s", function.name, describe(error))
    _log.debug("Function %s failed", function.name, exc_info=error)
