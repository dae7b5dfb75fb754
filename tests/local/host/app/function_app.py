"""A small app that uses everything the local host offers; the tests run it unmodified in a process of its own."""

import asyncio
import json
import logging
import sys
import time
from datetime import timedelta
from typing import Any, List  # noqa: UP035 - the worker's indexer refuses list[str]

import azure.durable_functions as df
import azure.functions as func
from durabletask import task
from durabletask.client import OrchestrationQuery
from durabletask.entities import EntityInstanceId

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
_log = logging.getLogger(__name__)
_received: list[dict[str, Any]] = []


def _json(body: Any, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(body), status_code=status, mimetype="application/json")


# --- HTTP -------------------------------------------------------------------------------------------------------------


@app.route(route="echo/{word}/{rest?}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
def echo(req: func.HttpRequest) -> func.HttpResponse:
    _log.info("echo was called with sig=%s", "not-to-be-seen")
    print("printed by the app")
    body = {"params": dict(req.route_params), "query": dict(req.params), "body": req.get_body().decode()}
    response = _json(body, 201)
    response.headers["X-Sample"] = "yes"
    response.headers.add("Set-Cookie", "a=1; Path=/")
    return response


@app.route(route="echo/literal", auth_level=func.AuthLevel.ANONYMOUS)
async def literal(req: func.HttpRequest) -> str:
    return "literal"


@app.route(route="secret")
def secret(req: func.HttpRequest) -> func.HttpResponse:
    return _json({"secret": True})


@app.route(route="owner", auth_level=func.AuthLevel.ADMIN)
def owner(req: func.HttpRequest) -> func.HttpResponse:
    return _json({"owner": True})


@app.route(route="fail/{how}", auth_level=func.AuthLevel.ANONYMOUS)
def fail(req: func.HttpRequest) -> func.HttpResponse:
    if req.route_params["how"] == "exit":
        sys.exit(3)
    raise ValueError("it failed with code=hidden-code")


@app.route(route="slow", auth_level=func.AuthLevel.ANONYMOUS)
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    await asyncio.sleep(60)
    return _json({})


# --- orchestrations ---------------------------------------------------------------------------------------------------


@app.activity_trigger(input_name="value")
def double(value: int) -> int:
    return value * 2


@app.activity_trigger(input_name="value")
async def misbehave(value: str) -> str:
    if value == "exit":
        sys.exit(1)
    if value == "cancel":
        raise asyncio.CancelledError
    raise LookupError("no such thing: a detail\nsecond line")


@app.activity_trigger(input_name="seconds")
def block(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


@app.orchestration_trigger(context_name="context")
def pair(context: Any, number: int) -> Any:
    total = 0
    for _ in range(3):
        total += yield context.call_activity("double", input=number)
    yield context.create_timer(timedelta(seconds=0.5))
    context.signal_entity(EntityInstanceId("counter", "pairs"), "add", input=1)
    return total


@app.orchestration_trigger(context_name="context")
def many_pairs(context: Any, count: int) -> Any:
    context.set_custom_status({"phase": "pairs"})
    children = [
        context.call_sub_orchestrator("pair", input=n, instance_id=f"{context.instance_id}:{n}") for n in range(count)
    ]
    return sum((yield task.when_all(children)))


@app.orchestration_trigger(context_name="context")
def troubled(context: Any, how: str) -> Any:
    try:
        yield context.call_activity(how if how == "absent" else "misbehave", input=how)
    except Exception as error:
        details = error.details  # type: ignore[attr-defined]
        return [details.error_type, details.message]


@app.orchestration_trigger(context_name="context")
def asks_entity(context: Any, operation: str) -> Any:
    try:
        return (yield context.call_entity(EntityInstanceId("counter", "asked"), operation, input=5))
    except Exception as error:
        return f"{type(error).__name__}"


@app.orchestration_trigger(context_name="context")
def exits(context: Any, _: Any) -> Any:
    yield sys.exit(1)


@app.orchestration_trigger(context_name="context")
def reflects(context: Any, value: Any) -> Any:
    return value


@app.orchestration_trigger(context_name="context")
def waits(context: Any, _: Any) -> Any:
    return (yield context.wait_for_external_event("go"))


@app.orchestration_trigger(context_name="context")
def blocks(context: Any, count: int) -> Any:
    yield task.when_all([context.call_activity("block", input=1.0) for _ in range(count)])


@app.entity_trigger(context_name="context", entity_name="counter")
def counter(context: Any, value: Any) -> Any:
    state = context.get_state(int, 0)
    match context.operation:
        case "add":
            context.set_state(state + (value or 0))
        case "start":
            context.schedule_new_orchestration("waits", input=None, instance_id=value)
        case "exit":
            sys.exit(1)
        case "delete":
            context.set_state(None)
    return context.get_state(int, 0)


# --- durable client ---------------------------------------------------------------------------------------------------


@app.route(route="start/{name}/{id?}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    instance_id = await client.schedule_new_orchestration(
        req.route_params["name"], input=req.get_json(), instance_id=req.route_params.get("id")
    )
    return client.create_check_status_response(req, instance_id)


@app.route(route="signal/{key}/{operation}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def signal(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    entity = EntityInstanceId("counter", req.route_params["key"])
    await client.signal_entity(entity, req.route_params["operation"], input=req.get_json())
    return _json({}, 202)


@app.route(route="counter/{key}")
@app.durable_client_input(client_name="client")
async def read_counter(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    entity = await client.get_entity(EntityInstanceId("counter", req.route_params["key"]))
    return _json({"state": None if entity is None else entity.get_typed_state(int)})


@app.route(route="children/{prefix}")
@app.durable_client_input(client_name="client")
async def children(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    query = OrchestrationQuery(instance_id_prefix=req.route_params["prefix"], fetch_inputs_and_outputs=True)
    return _json(sorted(state.instance_id for state in await client.get_all_orchestration_states(query)))


# --- storage and timers -----------------------------------------------------------------------------------------------


@app.blob_trigger(arg_name="blob", path="sample-in/{name}.txt", connection="SampleStorage")
@app.blob_output(arg_name="copy", path="sample-out/{name}.out", connection="SampleStorage")
def on_blob(blob: func.InputStream, copy: func.Out[str]) -> None:
    text = blob.read().decode()
    _received.append({"blob": blob.name, "length": blob.length, "text": text})
    if text == "bad":
        raise ValueError("a bad blob")
    copy.set(text.upper())


@app.queue_trigger(arg_name="message", queue_name="%SAMPLE_QUEUE%", connection="SampleStorage")
@app.queue_output(arg_name="answers", queue_name="sample-answers", connection="SampleStorage")
def on_message(message: func.QueueMessage, answers: func.Out[List[str]]) -> None:  # noqa: UP006 - as the worker's indexer wants it
    text = message.get_body().decode()
    _received.append({"message": text, "attempt": message.dequeue_count})
    if text == "bad":
        raise ValueError("a bad message")
    answers.set([text.upper(), text.lower()])


@app.timer_trigger(arg_name="timer", schedule="0 0 3 1 1 *")
@app.durable_client_input(client_name="client")
async def on_new_year(timer: func.TimerRequest, client: df.DurableFunctionsClient) -> None:
    _received.append({"timer": "new-year", "past_due": timer.past_due})
    await client.signal_entity(EntityInstanceId("counter", "years"), "add", input=1)


@app.timer_trigger(arg_name="timer", schedule="%SAMPLE_SCHEDULE%")
def on_tick(timer: func.TimerRequest) -> None:
    _received.append({"timer": "tick", "past_due": timer.past_due})


@app.route(route="received", auth_level=func.AuthLevel.ANONYMOUS)
def received(req: func.HttpRequest) -> func.HttpResponse:
    return _json(_received)
