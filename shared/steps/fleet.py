"""The fleet as runs saw it: each run notes what it surveyed anyway, and its end publishes that as one document.

Nothing is asked of Azure for the fleet alone, and nothing decides by this document.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import ValidationError

from shared.domain import fleet
from shared.domain.errors import GatewayError
from shared.domain.fleet import Fleet
from shared.domain.models import Catalogue, CustomImage, Run
from shared.domain.report import Report
from shared.domain.targets import Target
from shared.gateway.port import Gateway
from shared.steps import folder

DOCUMENT = "fleet.json"  # beside the run folders: it outlives them


class Published(NamedTuple):
    """The fleet as JSON, and a tag that changes with it."""

    content: bytes
    etag: str


def note(
    gateway: Gateway,
    run: Run,
    catalogue: Catalogue,
    targets: Sequence[Target],
    images: Mapping[str, tuple[CustomImage, ...] | GatewayError],
) -> None:
    """Keeps in the run's folder what its planning saw of the labs, before anything is delivered."""
    seen = fleet.survey(run.id, gateway.clock.now(), catalogue.images, targets, images)
    folder.store(gateway, run.id, folder.FLEET, seen)


def publish(gateway: Gateway, run: Run, report: Report) -> None:
    """Renews the fleet by what a run saw and delivered. A run with labs of its own says nothing about labs.json.

    Of two runs that end in one moment the later writes last: what the other saw is seen again by the next run.
    """
    seen = folder.load(gateway, run.id, folder.FLEET, Fleet)
    if seen is None or run.request.labs is not None:
        return
    whole = run.request.only is None or not run.request.only.labs
    renewed = fleet.merged(_known(gateway), fleet.after(seen, report.deliveries), whole=whole)
    gateway.documents.write(DOCUMENT, renewed.model_dump_json(by_alias=True, exclude_none=True).encode())


def published(gateway: Gateway) -> Published:
    """The fleet as it was last published; one without labs before any run has planned."""
    content = gateway.documents.read(DOCUMENT) or Fleet().model_dump_json(by_alias=True, exclude_none=True).encode()
    return Published(content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _known(gateway: Gateway) -> Fleet | None:
    content = gateway.documents.read(DOCUMENT)
    try:
        return None if content is None else Fleet.model_validate_json(content)
    except ValidationError:
        return None  # written by another version of the app; the next run of all labs fills it again
