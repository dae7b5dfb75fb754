"""The HTTP interface over the engine in virtual time: the app's own answers, without a host and without a network."""

import json
from collections.abc import Mapping
from typing import Any

import azure.functions as func
from azure.durable_functions import SyncDurableFunctionsClient
from durabletask.client import OrchestrationQuery, OrchestrationState, OrchestrationStatus
from durabletask.entities import EntityInstanceId
from durabletask.entities.entity_metadata import EntityMetadata
from durabletask.serialization import JsonDataConverter

from shared.workflow import answers
from tests.simulation.engine import Engine, Instance
from tests.simulation.factory import Factory

CONVERTER = JsonDataConverter()


class DurableClient(SyncDurableFunctionsClient):
    """What the answers ask of the engine, told by one in virtual time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get_entity(self, entity_instance_id: EntityInstanceId, include_state: bool = True) -> EntityMetadata | None:
        state = json.dumps(self._engine.state.to_json())
        return EntityMetadata(entity_instance_id, self._engine.cloud.now, 0, "", include_state, state, CONVERTER)

    def signal_entity(
        self,
        entity_instance_id: EntityInstanceId,
        operation_name: str,
        input: Any = None,  # noqa: A002
        signal_time: Any = None,
    ) -> None:
        self._engine.signal(operation_name, input)

    def get_orchestration_state(self, instance_id: str, *, fetch_payloads: bool = True) -> OrchestrationState | None:
        found = self._engine.instances.get(instance_id)
        return self._state(found) if found else None

    def get_all_orchestration_states(
        self, orchestration_query: OrchestrationQuery | None = None
    ) -> list[OrchestrationState]:
        prefix = orchestration_query.instance_id_prefix if orchestration_query else None
        found = [each for name, each in self._engine.instances.items() if name.startswith(prefix or "")]
        return [self._state(each) for each in found]

    def _state(self, instance: Instance) -> OrchestrationState:
        status = OrchestrationStatus[instance.status.upper()]
        shown = json.dumps(instance.custom_status) if instance.custom_status else None
        now = self._engine.cloud.now
        return OrchestrationState(instance.id, instance.name, status, now, now, None, None, shown, None)


class HttpClient:
    """Sends requests to the app of a simulated factory; signals are carried out at once, and no time passes."""

    def __init__(self, factory: Factory) -> None:
        self._factory = factory
        self._client = DurableClient(factory.engine)

    def call(
        self, handler: str, run_id: str | None = None, body: object = None, headers: Mapping[str, str] | None = None
    ) -> func.HttpResponse:
        """The answer of one handler, such as `get_run`."""
        request = func.HttpRequest(
            method="GET" if body is None else "POST",
            url="/api",
            headers=headers or {},
            params={"format": "json"},
            route_params={"id": run_id} if run_id is not None else {},
            body=b"" if body is None else json.dumps(body).encode(),
        )
        answer = answers.answer(handler, request, self._client)
        self._factory.engine.run(until=self._factory.cloud.now)
        return answer

    def start(self, body: object = None, **headers: str) -> str:
        """Asks for a run that must be accepted; returns its id."""
        answer = self.call("start_run", body=body, headers=headers)
        assert answer.status_code == 202, answer.get_body()
        return str(document(answer)["id"])

    def status(self, run_id: str) -> dict[str, Any]:
        """How a run stands."""
        return document(self.call("get_run", run_id))


def document(answer: func.HttpResponse) -> dict[str, Any]:
    """The JSON object of an answer."""
    return dict(json.loads(answer.get_body()))


def problem(answer: func.HttpResponse, status: int, title: str) -> str:
    """The detail of a problem document, which the answer must be."""
    found = document(answer)
    assert (answer.status_code, found["status"], found["title"]) == (status, status, title), found
    return str(found["detail"])
