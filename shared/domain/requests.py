"""The body of a request for a run, from HTTP or a queue -> RunRequest, or everything that is wrong with it, at once."""

import re
from datetime import datetime
from typing import Literal

from shared.domain import labs_rules as rules
from shared.domain.changes import DIGEST_PATTERN
from shared.domain.errors import RequestError
from shared.domain.findings import Findings, shown
from shared.domain.json_places import Document, Node, Object
from shared.domain.json_reader import read
from shared.domain.labs_file import read_image_paths, read_labs
from shared.domain.models import Finding, Only, RunRequest, Severity

MAX_BYTES = 1024 * 1024
KEYS = ("labs", "only", "dryRun", "save", "planDigest")
ONLY_KEYS = ("labs", "images")


def parse(
    body: bytes,
    *,
    id: str,  # noqa: A002 - the word of the design, and of the record that is made
    trigger: Literal["upload", "timer", "http", "queue"],
    requested_at: datetime,
) -> RunRequest:
    """The request that a body makes; an empty body asks for a full run.

    Keys are matched without case. Unlike in labs.json, an unknown key or a `null` is an error: a run that was meant to
    be dry or narrow must not become a full one.
    Raises RequestError with all findings: 413 above 1 MiB, else 400, those of an inline `labs` document included.
    """
    if len(body) > MAX_BYTES:
        message = f"The request has {len(body):,} bytes, and at most {MAX_BYTES:,} are read. Store labs.json instead."
        finding = Finding(severity=Severity.ERROR, code="too-large", message=message)
        raise RequestError(413, "too-large", message, (finding,))
    if not body.strip():
        return RunRequest(id=id, trigger=trigger, requested_at=requested_at)
    document = read(body)
    findings = Findings(document)
    fields = _fields(document, findings)
    only = _only(fields["only"], findings) if "only" in fields else None
    dry_run, save = _boolean(fields, "dryRun", findings), _boolean(fields, "save", findings)
    plan_digest = _digest(fields["planDigest"], findings) if "planDigest" in fields else None
    labs = fields.get("labs")
    if labs is not None:
        read_labs(labs, findings, "labs")
    if findings.errors:
        raise RequestError(400, "bad-request", _summary(findings.all), findings.all)
    return RunRequest(
        id=id,
        trigger=trigger,
        requested_at=requested_at,
        labs=_in_place(document, labs) if isinstance(labs, Object) else None,
        only=only,
        dry_run=dry_run is True,
        save=save is not False,
        plan_digest=plan_digest,
    )


def _fields(document: Document, findings: Findings) -> dict[str, Node]:
    if document.root is None:
        return {}
    if not isinstance(document.root, Object):
        findings.wrong_type(document.root, "an object in braces", "", "The request")
        return {}
    return findings.fields(document.root, KEYS, "", "The request", unknown=Severity.ERROR)


def _boolean(fields: dict[str, Node], key: str, findings: Findings) -> bool | None:
    return findings.boolean(fields[key], key, f"`{key}`") if key in fields else None


def _digest(node: Node, findings: Findings) -> str | None:
    text = findings.text(node, "planDigest", "`planDigest`")
    if text is not None and re.fullmatch(DIGEST_PATTERN, text.strip().lower()) is None:
        message = (
            f"`{shown(text)}` is no digest of a plan: it has 64 digits and letters from a to f, as a plan says it."
        )
        findings.error("bad-digest", message, "planDigest", node.start)
    return None if text is None else text.strip().lower()


def _only(node: Node, findings: Findings) -> Only | None:
    if not isinstance(node, Object):
        findings.wrong_type(node, "an object in braces", "only", "`only`")
        return None
    fields = findings.fields(node, ONLY_KEYS, "only", "`only`", unknown=Severity.ERROR)
    lists = {key: _filled_list(field, f"only.{key}", findings) for key, field in fields.items()}
    if not lists:
        findings.error(
            "empty-only", "`only` names nothing. Name `labs` or `images`, or leave it out.", "only", node.start
        )
    images = read_image_paths(lists.get("images", ()), "only.images", "`only.images`", findings, start=node.start)
    return Only(labs=_lab_names(lists.get("labs", ()), findings), images=images)


def _filled_list(node: Node, path: str, findings: Findings) -> tuple[Node, ...]:
    """The items of a list that must not be empty: an empty one could mean all or nothing."""
    items = findings.items(node, path, f"`{path}`")
    if items == ():
        findings.error("empty-only", f"`{path}` is empty. Name at least one, or leave it out.", path, node.start)
    return items or ()


def _lab_names(items: tuple[Node, ...], findings: Findings) -> tuple[str, ...]:
    names = (_lab_name(item, f"only.labs[{index}]", findings) for index, item in enumerate(items))
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _lab_name(item: Node, path: str, findings: Findings) -> str | None:
    """`<subscription id>/<lab>` with the id in lower case, or a bare name."""
    text = findings.text(item, path, "A lab")
    if text is None:
        return None
    subscription, slash, name = text.rpartition("/")
    checks = [(subscription, rules.subscription_problem)] if slash else []
    for part, problem_of in [*checks, (name, rules.lab_problem)]:
        if (problem := problem_of(part)) is not None:
            remedy = "A lab is written `<subscription id>/<lab>`, or by its name alone."
            findings.error(problem.code, f"`{shown(part)}` {problem.text} {remedy}", path, item.start)
            return None
    return f"{subscription.lower()}{slash}{name}"


def _in_place(document: Document, node: Object) -> str:
    """The inline document as written, after blanks: so a later reading finds the same lines and columns."""
    return re.sub(r"[^\r\n]", " ", document.text[: node.start]) + document.text[node.start : node.end]


def _summary(findings: tuple[Finding, ...]) -> str:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    more = f" And {len(errors) - 1} more errors." if len(errors) > 1 else ""
    return f"{errors[0].message}{more}"
