"""The answers of the HTTP interface. Errors are application/problem+json; the engine's URLs are never handed out.

Loaded with the first request, because it needs all that requests need: indexing the app must not.
"""

import json
from collections.abc import Callable
from typing import Any

import azure.functions as func
from azure.durable_functions import SyncDurableFunctionsClient

from shared import wiring
from shared.domain import labs_file, requests, run_ids
from shared.domain.errors import FactoryError, RequestError, SettingError, Throttled, Unavailable
from shared.domain.gate import GateState
from shared.domain.models import RunRequest, Severity
from shared.domain.report import FINAL
from shared.steps import accepting, approval, fleet, folder, listing
from shared.steps.status import describe
from shared.web import pages
from shared.workflow.engine import Engine

RETRY_AFTER = "5"  # seconds
# What no page may say of itself: that nobody shows it in a frame.
_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_REPORTS = {
    "html": (folder.REPORT_HTML, "text/html; charset=utf-8"),
    "json": (folder.REPORT, "application/json"),
    "csv": (folder.REPORT_CSV, "text/csv; charset=utf-8"),
}

type Handler = Callable[[func.HttpRequest, Engine], func.HttpResponse]


def answer(name: str, req: func.HttpRequest, client: SyncDurableFunctionsClient) -> func.HttpResponse:
    """What the handler of that name answers; every expected error as problem+json."""
    try:
        run_id = req.route_params.get("id")
        if run_id is not None and not run_ids.is_run_id(run_id):
            raise _unknown(run_id)
        return HANDLERS[name](req, Engine(client))
    except FactoryError as error:
        return _problem(error)


def start_run(req: func.HttpRequest, engine: Engine) -> func.HttpResponse:
    """POST /api/runs: keeps the request and tells the gate. The same Idempotency-Key gives the same run."""
    key = req.headers.get("Idempotency-Key")
    accepted = accepting.accept(wiring.gateway(), "http", f"http:{key}" if key else None, req.get_body(), engine.takes)
    if not accepted.fresh:
        return _known(accepted.request, req.get_body(), engine)
    engine.request(accepted.request)
    return _accepted({"id": accepted.request.id, "status": "Waiting"})


def list_runs(req: func.HttpRequest, engine: Engine) -> func.HttpResponse:
    """GET /api/runs?limit=&before=: the runs, newest first; at most 100 at once."""
    limit = _limit(req.params.get("limit", "20"))
    runs = listing.newest(wiring.gateway(), engine.gate(), engine.live, limit, req.params.get("before"))
    return _json({"runs": runs})


def get_run(req: func.HttpRequest, engine: Engine) -> func.HttpResponse:
    """GET /api/runs/{id}: the status of one run."""
    status = _status_of(req.route_params["id"], engine, engine.gate())
    return _json(status, headers=_come_again(status))


def cancel_run(req: func.HttpRequest, engine: Engine) -> func.HttpResponse:
    """POST /api/runs/{id}/cancel: a waiting run ends at once, a running one at its next step."""
    run_id, gate = req.route_params["id"], engine.gate()
    status = _status_of(run_id, engine, gate)
    if status["status"] in FINAL:
        raise RequestError(409, "run-ended", f"The run {run_id} has ended: {status['status']}.")
    if status["status"] == "Merged" and status["coveredBy"] not in {run.id for run in gate.waiting}:
        raise _merged(run_id, status["coveredBy"])
    if status["status"] in ("Waiting", "Merged"):
        engine.cancel(run_id)
    listing.cancel(wiring.gateway(), run_id, alive=status["status"] in ("Running", "Cancelling"))
    return _json({"id": run_id, "status": "Cancelling"}, 202, {"Location": f"/api/runs/{run_id}"})


def get_report(req: func.HttpRequest, engine: Engine) -> func.HttpResponse:
    """GET /api/runs/{id}/report?format=html|json|csv: the report of a run that has ended."""
    run_id, wanted = req.route_params["id"], req.params.get("format", "html")
    if wanted not in _REPORTS:
        raise RequestError(400, "bad-format", f"There is no report format {wanted!r}. Ask for html, json or csv.")
    name, content_type = _REPORTS[wanted]
    content = wiring.gateway().documents.read(folder.path(run_id, name))
    if content is None:
        text = f"The run {run_id} has not ended yet. Ask again when it has."
        raise _absent(run_id, engine, RequestError(409, "run-not-finished", text))
    return func.HttpResponse(content, headers={"Content-Type": content_type, "X-Content-Type-Options": "nosniff"})


def get_plan(req: func.HttpRequest, engine: Engine) -> func.HttpResponse:
    """GET /api/runs/{id}/plan: the changes that a run planned, and the digest with which a run does exactly these."""
    run_id = req.route_params["id"]
    changes = approval.changes_of(wiring.gateway(), run_id)
    if changes is None:
        text = f"The run {run_id} has made no plan. Ask again when it is planned."
        raise _absent(run_id, engine, RequestError(409, "no-plan", text))
    return _json(changes.to_json())


def get_fleet(req: func.HttpRequest, engine: Engine) -> func.HttpResponse:
    """GET /api/fleet: which version of each image every lab had when a run last looked; 304 where nothing is new."""
    found = fleet.published(wiring.gateway())
    headers = {"Content-Type": "application/json", "Cache-Control": "no-cache", "ETag": found.etag}
    if req.headers.get("If-None-Match") == found.etag:
        return func.HttpResponse(status_code=304, headers=headers)
    return func.HttpResponse(found.content, headers=headers)


def show_dashboard() -> func.HttpResponse:
    """GET /api/dashboard: the page is for everybody and holds no data; its calls carry the reader's key."""
    return func.HttpResponse(pages.dashboard_html(), headers=_PAGE_HEADERS)


def validate_labs(req: func.HttpRequest, engine: Engine) -> func.HttpResponse:
    """POST /api/labs/validate: all findings of a labs.json, and whether a run would accept every lab of it."""
    labs = labs_file.parse(req.get_body())
    errors = [each for each in labs.findings if each.severity is Severity.ERROR]
    return _json({"valid": not errors, "findings": [each.to_json() for each in labs.findings]})


def _known(kept: RunRequest, body: bytes, engine: Engine) -> func.HttpResponse:
    """The run that a key gave before, as it stands now. Raises RequestError where the key came with another request."""
    if requests.parse(body, id=kept.id, trigger=kept.trigger, requested_at=kept.requested_at) != kept:
        text = (
            f"This Idempotency-Key began the run {kept.id} with another request. Send this one with a key of its own."
        )
        raise RequestError(409, "key-reused", text)
    return _accepted(_status_of(kept.id, engine, engine.gate()))


def _accepted(status: dict[str, Any]) -> func.HttpResponse:
    short = {"id": status["id"], "status": status["status"]}
    return _json(short, 202, {"Location": f"/api/runs/{status['id']}", **_come_again(status)})


def _status_of(run_id: str, engine: Engine, gate: GateState) -> dict[str, Any]:
    """How a run stands, by this state of the gate. Raises RequestError where there is no such run."""
    status = describe(wiring.gateway(), run_id, gate, engine.live)
    if status is None:
        raise _unknown(run_id)
    return status


def _come_again(status: dict[str, Any]) -> dict[str, str]:
    """When to ask again; never, where the status will not change any more."""
    return {} if "reportUrl" in status else {"Retry-After": RETRY_AFTER}


def _absent(run_id: str, engine: Engine, not_yet: RequestError) -> RequestError:
    """Why a run has no such document: there is no such run, another one answers it, or it is `not_yet` so far."""
    status = _status_of(run_id, engine, engine.gate())
    return _merged(run_id, status["coveredBy"]) if status["status"] == "Merged" else not_yet


def _merged(run_id: str, by: str) -> RequestError:
    """Whoever asks something of a request that another run answers is to ask that run."""
    text = f"The run {run_id} is answered by the run {by}: see /api/runs/{by}. Its report: /api/runs/{by}/report."
    return RequestError(409, "run-merged", text)


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise RequestError(400, "bad-limit", f"limit is {text!r}. Ask for 1 to 100 runs.")
    return int(text)


def _unknown(run_id: str) -> RequestError:
    return RequestError(404, "no-such-run", f"There is no run {run_id!r}. GET /api/runs lists those there are.")


def _problem(error: FactoryError) -> func.HttpResponse:
    status = error.status if isinstance(error, RequestError) else 500 if isinstance(error, SettingError) else 502
    body: dict[str, Any] = {"type": "about:blank", "title": error.code, "status": status, "detail": error.message}
    if isinstance(error, RequestError) and error.findings:
        body["findings"] = [each.to_json() for each in error.findings]
    headers = {"Content-Type": "application/problem+json"}
    if status == 429 or isinstance(error, (Throttled, Unavailable)):
        headers["Retry-After"] = RETRY_AFTER
    return func.HttpResponse(json.dumps(body), status_code=status, headers=headers)


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> func.HttpResponse:
    all_headers = {"Content-Type": "application/json", "Cache-Control": "no-store", **(headers or {})}
    return func.HttpResponse(json.dumps(body), status_code=status, headers=all_headers)


_ALL: tuple[Handler, ...] = (
    start_run,
    list_runs,
    get_run,
    cancel_run,
    get_report,
    get_plan,
    get_fleet,
    validate_labs,
)
HANDLERS = {handler.__name__: handler for handler in _ALL}
