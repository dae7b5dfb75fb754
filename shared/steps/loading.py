"""load_labs: freezes labs.json as it is when the run starts, and says which requests the run answers."""

import hashlib
from typing import Any

from shared.domain import labs_file
from shared.domain.models import Finding, LabsFile, Record, Run, Severity
from shared.gateway.port import Gateway
from shared.steps import folder


class RunStart(Record):
    """Document run.json: when the run began, what it answers, and which labs.json it works from."""

    started_at: str
    covers: tuple[str, ...] = ()
    labs_etag: str | None = None
    labs_sha256: str | None = None


def load_labs(gateway: Gateway, run: Run) -> dict[str, Any]:
    """Freezes the run's labs.json and its start; returns counts. Repeating keeps what was frozen first."""
    for covered in run.covers:
        folder.store_json(gateway, covered, folder.COVERED, {"by": run.id})
    start = folder.load(gateway, run.id, folder.RUN, RunStart)
    if start is None:
        folder.freeze(gateway, run.id, folder.RUN, _freeze(gateway, run))
    labs = frozen_labs(gateway, run.id)
    return {"labs": len(labs.labs), "findings": len(labs.findings), "blocked": labs.blocked}


def frozen_labs(gateway: Gateway, run_id: str) -> LabsFile:
    """The target labs and findings of the run's frozen labs.json."""
    content = gateway.documents.read(folder.path(run_id, folder.LABS))
    return labs_file.parse(content) if content is not None else _missing()


def _freeze(gateway: Gateway, run: Run) -> RunStart:
    started, covers = run.started_at.isoformat(), run.covers
    if run.request.labs is not None:
        content, etag = run.request.labs.encode(), None
    else:
        stored = gateway.documents.labs_file()
        if stored is None:
            return RunStart(started_at=started, covers=covers)
        content, etag = stored.content, stored.etag
    if not gateway.documents.create(folder.path(run.id, folder.LABS), content):
        # Another execution froze it; what it read may have had another ETag.
        frozen = gateway.documents.read(folder.path(run.id, folder.LABS)) or content
        content, etag = frozen, etag if frozen == content else None
    digest = hashlib.sha256(content).hexdigest()
    return RunStart(started_at=started, covers=covers, labs_etag=etag, labs_sha256=digest)


def _missing() -> LabsFile:
    finding = Finding(
        severity=Severity.ERROR,
        code="no-labs-file",
        message="There is no labs.json in the container image-factory of the app's storage. "
        "Upload one; without it nothing can be delivered.",
    )
    return LabsFile(findings=(finding,), blocked=True)
