"""Takes in what asks for a run besides HTTP: keeps the request first and tells the gate then.

What is lost in between, the watch tells again.
"""

from azure.durable_functions import SyncDurableFunctionsClient

from shared import wiring
from shared.steps import accepting
from shared.workflow.engine import Engine


def upload(client: SyncDurableFunctionsClient, blob_name: str) -> None:
    """A run for this version of labs.json, once; nothing for another blob."""
    if blob_name.rpartition("/")[2].lower() != "labs.json":
        return
    gateway = wiring.gateway()
    stored = gateway.documents.labs_file()
    if stored is not None:
        _tell(Engine(client), accepting.accept(gateway, "upload", f"upload:{stored.name}:{stored.etag}"))


def refresh(client: SyncDurableFunctionsClient) -> None:
    """A run for the timer; one a minute at the most, so that a repeated firing is no second run."""
    gateway = wiring.gateway()
    due = gateway.clock.now().strftime("%Y-%m-%dT%H:%M")
    _tell(Engine(client), accepting.accept(gateway, "timer", f"timer:{due}"))


def message(client: SyncDurableFunctionsClient, message_id: str, body: bytes) -> None:
    """A run for a message; a failed one for a message that asks for none."""
    accepted = accepting.accept_or_report(wiring.gateway(), "queue", f"message:{message_id}", body)
    if accepted is not None:
        _tell(Engine(client), accepted)


def _tell(engine: Engine, accepted: accepting.Accepted) -> None:
    if accepted.fresh:
        engine.request(accepted.request)
