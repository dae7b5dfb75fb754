"""Registers the activities. What they do is in `bodies`, which is loaded with the first call.

Function names are final: they live in the history of running orchestrations.
"""

from typing import Any

import azure.durable_functions as df

blueprint = df.Blueprint()

NAMES = (
    "load_labs",
    "survey_factory",
    "plan_saves",
    "start_export",
    "check_export",
    "record_image",
    "release_disk",
    "check_plan",
    "plan_deliveries",
    "copy_image",
    "check_copies",
    "create_image",
    "check_images",
    "discard_copies",
    "recover_run",
    "write_report",
)


def _register(name: str) -> None:
    def activity(payload: dict) -> dict:  # type: ignore[type-arg]  # the real indexer refuses dict[str, Any]
        from shared import wiring
        from shared.workflow.bodies import BODIES, perform

        result: dict[str, Any] = perform(BODIES[name], wiring.gateway, payload)
        return result

    activity.__name__ = name
    blueprint.activity_trigger(input_name="payload")(activity)


for _name in NAMES:
    _register(_name)
