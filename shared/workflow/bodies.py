"""What the activities do: JSON in, JSON out, and the border at which errors lose their secrets. Bodies are steps.

Loaded with the first activity that is called, because it needs all of the steps: indexing the app must not.
"""

import logging
from collections.abc import Callable
from typing import Any

from shared import wiring
from shared.domain.errors import FactoryError, GatewayError
from shared.domain.models import Finding, Run
from shared.domain.redaction import redact
from shared.domain.work import CopyNote, ImageNote, SaveNote
from shared.gateway.port import Gateway
from shared.steps import (
    approval,
    copying,
    folder,
    imaging,
    loading,
    planning,
    recovery,
    reporting,
    saving,
    staging,
    surveying,
)

_log = logging.getLogger(__name__)

type Body = Callable[[Gateway, Run, dict[str, Any]], dict[str, Any]]


class ActivityFailed(Exception):
    """A surprise inside an activity, with its message redacted; the engine keeps it in the history."""


def perform(body: Body, gateway: Callable[[], Gateway], payload: dict[str, Any]) -> dict[str, Any]:
    """Calls a body at the border: expected failures become results, surprises lose their secrets."""
    try:
        made = gateway()
        return body(made, folder.run_of(made, payload), payload)
    except GatewayError as error:
        return {**_keys(payload), **staging.failure(error)}
    except FactoryError as error:
        return {**_keys(payload), "state": "failed", "code": error.code, "message": error.message}
    except Exception as error:
        message = redact(f"{type(error).__name__}: {error}")
        _log.error("%s of run %s failed: %s", body.__name__, payload.get("run"), message)
        raise ActivityFailed(message) from None


def _keys(payload: dict[str, Any]) -> dict[str, Any]:
    return {key: payload[key] for key in ("target", "source", "pair") if key in payload}


def load_labs(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Freezes labs.json; tells the orchestrator what it may not look up itself."""
    asked = run.request
    facts = {"dryRun": asked.dry_run, "save": asked.save, "approved": asked.plan_digest is not None}
    return {**loading.load_labs(gateway, run), "scale": wiring.time_scale(), **facts}


def survey_factory(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Looks at the factory's machines."""
    return surveying.survey_factory(gateway, run)


def plan_saves(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Decides what is saved, under which names."""
    return surveying.plan_saves(gateway, run)


def start_export(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Grants read access to a disk and starts its copy."""
    return saving.start_export(gateway, run, payload["save"])


def check_export(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Looks at the copy of a disk."""
    return saving.check_export(gateway, run, payload["save"], payload["scale"])


def record_image(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Writes the record of a saved image."""
    return saving.record_image(gateway, run, payload["save"])


def release_disk(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Ends the access to a disk."""
    return saving.release_disk(gateway, run, SaveNote.from_json(payload["note"]))


def plan_deliveries(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Makes the complete plan."""
    findings = [Finding.from_json(each) for each in payload["findings"]]
    made = planning.plan_deliveries(gateway, run, wiring.limits(), findings, approval.approved(gateway, run))
    approval.keep(gateway, run)
    return made


def check_plan(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Compares the plan with the one that was approved, before anything is done."""
    findings = [Finding.from_json(each) for each in payload["findings"]]
    return approval.check_plan(gateway, run, wiring.limits(), findings)


def copy_image(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Starts the copy of one lab and image pair, or of one hub copy."""
    work = folder.work_of(gateway, run.id, payload["region"])
    return copying.copy_image(gateway, work, payload["target"], payload["source"], payload.get("etag"))


def check_copies(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Looks at all pending copies of a region."""
    work = folder.work_of(gateway, run.id, payload["region"])
    return copying.check_copies(gateway, work, payload["targets"], payload["scale"])


def create_image(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Begins one custom image."""
    work = folder.work_of(gateway, run.id, payload["region"])
    return imaging.create_image(gateway, work, payload["pair"], payload["scale"])


def check_images(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Looks at the custom images being made in a region."""
    work = folder.work_of(gateway, run.id, payload["region"])
    return imaging.check_images(gateway, work, payload["pairs"], payload["scale"])


def discard_copies(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Keeps what became of copies and images; deletes staged copies that nobody needs."""
    work = folder.work_of(gateway, run.id, payload["region"])
    copies = [CopyNote.from_json(each) for each in payload["copies"]]
    images = [ImageNote.from_json(each) for each in payload["images"]]
    return copying.discard_copies(gateway, work, payload["sequence"], payload["targets"], copies, images)


def recover_run(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Releases what a part of the run that died still held."""
    recovery.recover(gateway, run.id)
    return {"state": "recovered"}


def write_report(gateway: Gateway, run: Run, payload: dict[str, Any]) -> dict[str, Any]:
    """Writes the report and sends the notice."""
    cancelled = folder.stopped(gateway, run.id)
    return reporting.write_report(
        gateway, run, scale=wiring.time_scale(), cancelled=cancelled, error=payload.get("error")
    )


_ALL: tuple[Body, ...] = (
    load_labs,
    survey_factory,
    plan_saves,
    start_export,
    check_export,
    record_image,
    release_disk,
    check_plan,
    plan_deliveries,
    copy_image,
    check_copies,
    create_image,
    check_images,
    discard_copies,
    recover_run,
    write_report,
)
BODIES = {body.__name__: body for body in _ALL}
