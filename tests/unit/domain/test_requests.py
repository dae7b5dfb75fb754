"""Requests for a run."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import RequestError
from shared.domain.labs_file import parse as parse_labs
from shared.domain.models import Only, RunRequest
from shared.domain.requests import parse

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
LABS = {"Labs": [{"SubscriptionId": SUBSCRIPTION, "LabName": "Blue", "ImagePaths": ["Win2016"]}]}


def parsed(body: bytes | dict[str, Any]) -> RunRequest:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(content, id="20261123T030000Z-1a2b3c", trigger="http", requested_at=NOW)


def refused(body: bytes | dict[str, Any]) -> RequestError:
    with pytest.raises(RequestError) as caught:
        parsed(body)
    return caught.value


@pytest.mark.parametrize("body", [b"", b" \r\n", b"{}"])
def test_empty_body_asks_for_a_full_run(body: bytes) -> None:
    request = parsed(body)
    assert request == RunRequest(id="20261123T030000Z-1a2b3c", trigger="http", requested_at=NOW)
    assert request.mergeable


def test_every_field_is_read_with_keys_in_any_case() -> None:
    only = {"labs": [f"{SUBSCRIPTION.upper()}/Blue", "Red", "Red"], "images": ["Win2016", "win2016/"]}
    request = parsed({"DRYRUN": True, "save": False, "Only": only, "_note": 1})
    assert request.dry_run
    assert not request.save
    assert request.only == Only(labs=(f"{SUBSCRIPTION}/Blue", "Red"), images=("Win2016",))


def test_inline_labs_keep_their_text_and_their_places() -> None:
    body = '{\n  "dryRun": true, "labs":\n    ' + json.dumps(LABS).replace("Win2016", "") + "\n}"
    request = parsed(body.encode("utf-8-sig"))
    assert request.labs is not None
    file = parse_labs(request.labs.encode())
    assert [lab.name for lab in file.labs] == ["Blue"]
    (warning,) = file.findings
    assert (warning.code, warning.line) == ("matches-everything", 3)
    assert body.splitlines()[2][(warning.column or 0) - 1 :].startswith('""')
    assert not request.mergeable


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ([], "wrong-type", ""),
        ({"dry-run": True}, "unknown-key", "dry-run"),
        ({"drRun": True}, "unknown-key", "drRun"),
        ({"dryRun": "true"}, "wrong-type", "dryRun"),
        ({"dryRun": None}, "wrong-type", "dryRun"),
        ({"save": 0}, "wrong-type", "save"),
        ({"only": None}, "wrong-type", "only"),
        ({"only": {}}, "empty-only", "only"),
        ({"only": {"labs": []}}, "empty-only", "only.labs"),
        ({"only": {"labs": "Blue"}}, "wrong-type", "only.labs"),
        ({"only": {"labs": ["a b"]}}, "bad-name", "only.labs[0]"),
        ({"only": {"labs": ["x/Blue"]}}, "not-a-guid", "only.labs[0]"),
        ({"only": {"labs": [f"{SUBSCRIPTION}/"]}}, "bad-name", "only.labs[0]"),
        ({"only": {"labs": [7]}}, "wrong-type", "only.labs[0]"),
        ({"only": {"images": ["a", "../b"]}}, "bad-image-path", "only.images[1]"),
        ({"only": {"image": ["a"], "labs": ["a"]}}, "unknown-key", "only.image"),
        ({"labs": None}, "no-labs-list", "labs"),
        ({"labs": LABS["Labs"]}, "no-labs-list", "labs"),
        ({"labs": {"Labs": [7]}}, "lab-not-object", "labs.Labs[0]"),
        ({"labs": {"Labs": [{"LabName": "A"}]}}, "missing-key", "labs.Labs[0].SubscriptionId"),
    ],
)
def test_mistake_is_refused_with_its_place(body: Any, code: str, path: str) -> None:
    error = refused(json.dumps(body).encode())
    assert error.status == 400
    assert (code, path) in [(finding.code, finding.path) for finding in error.findings]


def test_the_digest_of_an_approved_plan_is_taken_in_any_case() -> None:
    request = parsed(json.dumps({"plandigest": "AB" * 32}).encode())
    assert request.plan_digest == "ab" * 32
    assert not request.mergeable


@pytest.mark.parametrize("digest", ["", "ab", "g" * 64, 1, None])
def test_what_is_no_digest_is_refused(digest: Any) -> None:
    error = refused({"planDigest": digest})
    assert [finding.path for finding in error.findings] == ["planDigest"]


def test_all_findings_come_at_once() -> None:
    error = refused({"dryRun": 1, "svae": True, "only": {"labs": ["a b"], "images": ["C:/"]}, "labs": {"Labs": [1, 2]}})
    assert [finding.path for finding in error.findings] == [
        "dryRun",
        "svae",
        "only.labs[0]",
        "only.images[0]",
        "labs.Labs[0]",
        "labs.Labs[1]",
    ]
    assert error.message.endswith("And 5 more errors.")
    assert "Did you mean `save`?" in error.findings[1].message


def test_broken_json_is_refused_with_line_and_column() -> None:
    error = refused(b'{"dryRun": true,\n}')
    assert [(finding.code, finding.line, finding.column) for finding in error.findings] == [("not-json", 1, 16)]


def test_more_than_a_mebibyte_is_refused_unread() -> None:
    error = refused(b"x" * (1024 * 1024 + 1))
    assert (error.status, error.code) == (413, "too-large")
    assert [finding.code for finding in error.findings] == ["too-large"]


@settings(deadline=None)
@given(st.binary(max_size=40) | st.text('{}[]",: labsonlydryRun\\', max_size=30).map(str.encode))
def test_any_body_is_a_request_or_a_refusal_with_findings(body: bytes) -> None:
    try:
        parsed(body)
        refusal = None
    except RequestError as error:
        refusal = error
    assert refusal is None or refusal.findings
