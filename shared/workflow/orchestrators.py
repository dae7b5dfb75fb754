"""Registers the orchestrations and the run gate under their final names; their bodies are plain functions elsewhere.

Those that need the domain are loaded with the first call: indexing the app must not wait for it.
"""

from typing import Any

import azure.durable_functions as df
from durabletask.entities import EntityContext
from durabletask.task import OrchestrationContext

from shared.workflow.calling import Payload, Turns
from shared.workflow.run_image_factory import run_image_factory
from shared.workflow.save_image import save_image

blueprint = df.Blueprint()


def deliver_region(ctx: OrchestrationContext, payload: Payload) -> Turns[Payload | None]:
    """Delivers to the labs of one region."""
    from shared.workflow import deliver_region as body

    return (yield from body.deliver_region(ctx, payload))


def run_gate(ctx: EntityContext, value: Any) -> None:
    """Carries out one operation of the run gate."""
    from shared.workflow import run_gate as body

    body.run_gate(ctx, value)


for _orchestrator in (run_image_factory, save_image, deliver_region):
    blueprint.orchestration_trigger(context_name="context")(_orchestrator)
blueprint.entity_trigger(context_name="context", entity_name="run_gate")(run_gate)
