"""Registers the orchestrations and the run gate under their final names; their bodies are plain functions elsewhere."""

import azure.durable_functions as df

from shared.workflow.deliver_region import deliver_region
from shared.workflow.run_gate import run_gate
from shared.workflow.run_image_factory import run_image_factory
from shared.workflow.save_image import save_image

blueprint = df.Blueprint()

for _orchestrator in (run_image_factory, save_image, deliver_region):
    blueprint.orchestration_trigger(context_name="context")(_orchestrator)
blueprint.entity_trigger(context_name="context", entity_name="run_gate")(run_gate)
