"""The run folder: names of its documents, and reading and writing them as records. It decides nothing."""

import hashlib
import json
from functools import lru_cache
from typing import Any, TypeVar

from shared.domain.models import Finding, Plan, PlannedSave, Record, Run, RunRequest
from shared.domain.work import RegionWork
from shared.gateway.port import Gateway

REQUEST = "request.json"
RUN = "run.json"
LABS = "labs.json"
SURVEY = "survey.json"
SAVES = "saves.json"
TARGETS = "targets.json"
PLAN = "plan.json"  # as long as nothing is final: what an approved run would do, or why a run does nothing
FINAL_PLAN = "final-plan.json"
COVERED = "covered.json"
STOP = "stop"
REPORT = "report.json"
REPORT_HTML = "report.html"
REPORT_CSV = "report.csv"
NOTICED = "noticed"
FLEET = "fleet.json"
GRANTS = "grants/"
JOURNAL = "journal/"
REFUSED = "bad-request"  # the reason in the stop marker of a request that could not be read

R = TypeVar("R", bound=Record)


class SavePlan(Record):
    """Document saves.json: what the run saves, and what was wrong on the way there."""

    saves: tuple[PlannedSave, ...]
    findings: tuple[Finding, ...] = ()


def path(run_id: str, name: str) -> str:
    """The full name of a document of a run."""
    return f"runs/{run_id}/{name}"


def stopped(gateway: Gateway, run_id: str) -> bool:
    """Whether the stop marker of the run is there: the fence that every effect looks at first."""
    return gateway.documents.read(path(run_id, STOP)) is not None


def stop(gateway: Gateway, run_id: str, reason: str) -> None:
    """Writes the stop marker; from then on no effect of the run happens any more. Repeating is harmless."""
    gateway.documents.create(path(run_id, STOP), reason.encode())


def refused(gateway: Gateway, run_id: str) -> bool:
    """Whether the run's request could not be read."""
    return gateway.documents.read(path(run_id, STOP)) == REFUSED.encode()


def request_of(gateway: Gateway, run_id: str) -> RunRequest | None:
    """The request of a run; None when it has none."""
    return load(gateway, run_id, REQUEST, RunRequest)


def run_of(gateway: Gateway, value: dict[str, Any]) -> Run:
    """The run that an orchestrator's value names: its request from the folder, its start from the value."""
    request = _frozen(Identity(gateway), value["run"], REQUEST, RunRequest)
    return Run.from_json({"request": request, "startedAt": value["startedAt"], "covers": value.get("covers", ())})


def load[R: Record](gateway: Gateway, run_id: str, name: str, kind: type[R]) -> R | None:
    """A document of a run as a record; None when it is not there."""
    content = gateway.documents.read(path(run_id, name))
    return None if content is None else kind.model_validate_json(content)


def load_json(gateway: Gateway, run_id: str, name: str) -> Any:
    """A document of a run as JSON values; None when it is not there."""
    content = gateway.documents.read(path(run_id, name))
    return None if content is None else json.loads(content)


def store(gateway: Gateway, run_id: str, name: str, value: Record) -> None:
    """Writes a record as a document of a run."""
    gateway.documents.write(path(run_id, name), _written(value))


def create(gateway: Gateway, run_id: str, name: str, value: Record) -> bool:
    """Writes a record as a document of a run that has none of that name; False where there is one, which stays."""
    return gateway.documents.create(path(run_id, name), _written(value))


def freeze[R: Record](gateway: Gateway, run_id: str, name: str, value: R) -> R:
    """Writes a record create-only; returns what is there then, which another execution may have written before."""
    if create(gateway, run_id, name, value):
        return value
    return load(gateway, run_id, name, type(value)) or value


def _written(value: Record) -> bytes:
    return value.model_dump_json(by_alias=True, exclude_none=True).encode()


def store_json(gateway: Gateway, run_id: str, name: str, value: Any) -> None:
    """Writes JSON values as a document of a run."""
    gateway.documents.write(path(run_id, name), json.dumps(value).encode())


def region_document(region: str) -> str:
    """The name of a region's frozen work."""
    return f"regions/{region}.json"


def grant_document(disk_id: str) -> str:
    """The name of the note that a run was given access to a disk."""
    return f"{GRANTS}{hashlib.sha256(disk_id.lower().encode()).hexdigest()[:16]}.json"


def plan_of(gateway: Gateway, run_id: str) -> Plan | None:
    """The plan of a run: the final one, or what there is before it; None before any is made."""
    return load(gateway, run_id, FINAL_PLAN, Plan) or load(gateway, run_id, PLAN, Plan)


def work_of(gateway: Gateway, run_id: str, region: str) -> RegionWork:
    """The frozen work of a region. Each process parses it once: the document never changes after it is written."""
    work: RegionWork = _frozen(Identity(gateway), run_id, region_document(region), RegionWork)
    return work


def saves_of(gateway: Gateway, run_id: str) -> SavePlan:
    """What a run saves, frozen and read like the work of a region. LookupError before that is planned."""
    saves: SavePlan = _frozen(Identity(gateway), run_id, SAVES, SavePlan)
    return saves


class Identity:
    """Lets a gateway be a cache key by identity, whatever its own notion of equality."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def __hash__(self) -> int:
        return id(self.gateway)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and other.gateway is self.gateway


@lru_cache(maxsize=64)
def _frozen[R: Record](key: Identity, run_id: str, name: str, kind: type[R]) -> R:
    found = load(key.gateway, run_id, name, kind)
    if found is None:
        raise LookupError(f"the run folder of {run_id} has no {name}")
    return found
