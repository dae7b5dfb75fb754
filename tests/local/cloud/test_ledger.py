"""What the ledger adds up, and what it must not keep."""

from __future__ import annotations

import json

from local.cloud.ledger import Ledger


def test_requests_are_numbered_in_their_order_without_their_query() -> None:
    ledger = Ledger()

    ledger.request("blob", "GET", "/lab/vhds/image.vhd?sig=secret", 200, operation="Get Blob")
    ledger.request("arm", "PUT", "/subscriptions/1", 0, injected="reset")

    first, second = ledger.snapshot()["requests"]
    assert (first["number"], first["path"], first["operation"]) == (1, "/lab/vhds/image.vhd", "Get Blob")
    assert (second["number"], second["status"], second["operation"], second["injected"]) == (2, 0, "other", "reset")
    assert "secret" not in json.dumps(ledger.snapshot())


def test_totals_count_equal_requests_together() -> None:
    ledger = Ledger()

    for status in (200, 200, 429):
        ledger.request("arm", "GET", "/labs", status, operation="Labs_List")

    counts = [(total["operation"], total["status"], total["count"]) for total in ledger.snapshot()["totals"]]
    assert counts == [("Labs_List", 200, 2), ("Labs_List", 429, 1)]


def test_bytes_are_added_per_pair_of_regions_and_image() -> None:
    ledger = Ledger()

    ledger.copied("westeurope", "westeurope", 10, ended="success", image="/a/v/one.vhd?sig=secret")
    ledger.copied("westeurope", "westeurope", 10, ended="success", image="/a/v/one.vhd")
    ledger.copied("westeurope", "eastus", 7, ended="success", image="/a/v/one.vhd")

    moved = ledger.snapshot()["bytes"]
    assert moved["withinRegions"] == [
        {"from": "westeurope", "to": "westeurope", "image": "/a/v/one.vhd", "copies": 2, "bytes": 20}
    ]
    assert moved["betweenRegions"] == [
        {"from": "westeurope", "to": "eastus", "image": "/a/v/one.vhd", "copies": 1, "bytes": 7}
    ]


def test_crossings_that_did_not_succeed_are_counted_apart() -> None:
    ledger = Ledger()

    ledger.copied("westeurope", "eastus", 3, ended="failed", image="/one")
    ledger.copied("westeurope", "eastus", 4, ended="aborted", image="/one")
    ledger.copied("westeurope", "westeurope", 5, ended="failed", image="/one")

    moved = ledger.snapshot()["bytes"]
    assert (moved["betweenRegions"], moved["withinRegions"]) == ([], [])
    assert [entry["bytes"] for entry in moved["failedBetweenRegions"]] == [7]
    assert [entry["bytes"] for entry in moved["failedWithinRegions"]] == [5]


def test_snapshot_does_not_change_afterwards() -> None:
    ledger = Ledger()
    before = ledger.snapshot()

    ledger.request("blob", "GET", "/", 200)
    ledger.copied("a", "b", 1, ended="success", image="/one")

    assert (before["requests"], before["copies"], before["totals"]) == ([], [], [])
