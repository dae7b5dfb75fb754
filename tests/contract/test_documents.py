"""labs.json, the run folders and the reports queue, as `port.Documents` and `port.Notices` promise them."""

import pytest

from shared.domain.errors import Refused
from tests.contract.stages import Stage


def test_labs_json_is_found_in_any_case_of_letters_and_the_newest_counts(stage: Stage) -> None:
    stage.put_labs_file("Labs.JSON", b'{"Labs": []}')
    first = stage.gateway.documents.labs_file()
    stage.put_labs_file("Labs.JSON", b'{"Labs": [ ]}')
    second = stage.gateway.documents.labs_file()
    assert first is not None
    assert second is not None
    assert (first.name, first.content, second.content) == ("Labs.JSON", b'{"Labs": []}', b'{"Labs": [ ]}')
    assert first.etag != second.etag


def test_a_written_document_is_read_back_and_replaced(stage: Stage) -> None:
    documents = stage.gateway.documents
    documents.write("runs/written/plan.json", b"one")
    documents.write("runs/written/plan.json", b"two")
    assert documents.read("runs/written/plan.json") == b"two"


def test_an_empty_document_is_not_a_missing_one(stage: Stage) -> None:
    stage.gateway.documents.write("runs/empty/stop", b"")
    assert stage.gateway.documents.read("runs/empty/stop") == b""
    assert stage.gateway.documents.read("runs/empty/nothing") is None


def test_a_document_is_created_once_and_the_same_content_counts_again(stage: Stage) -> None:
    documents = stage.gateway.documents
    assert documents.create("runs/created/request.json", b"first") is True
    assert documents.create("runs/created/request.json", b"first") is True
    assert documents.create("runs/created/request.json", b"second") is False
    assert documents.read("runs/created/request.json") == b"first"


def test_a_deleted_document_is_gone_and_deleting_it_again_is_success(stage: Stage) -> None:
    documents = stage.gateway.documents
    documents.write("runs/deleted/note.json", b"{}")
    documents.delete("runs/deleted/note.json")
    documents.delete("runs/deleted/note.json")
    assert documents.read("runs/deleted/note.json") is None


def test_names_are_listed_by_prefix_and_sorted(stage: Stage) -> None:
    documents = stage.gateway.documents
    for name in ("runs/listed/journal/2.json", "runs/listed/journal/1.json", "runs/listed/plan.json"):
        documents.write(name, b"{}")
    assert documents.names("runs/listed/journal/") == ["runs/listed/journal/1.json", "runs/listed/journal/2.json"]
    assert documents.names("runs/nothing/") == []


def test_the_ids_of_runs_come_oldest_first(stage: Stage) -> None:
    for run_id in ("20261123T030000Z-bbbbbb", "20261122T030000Z-aaaaaa"):
        stage.gateway.documents.write(f"runs/{run_id}/journal/1.json", b"{}")
        stage.gateway.documents.write(f"runs/{run_id}/plan.json", b"{}")
    ids = stage.gateway.documents.run_ids()
    assert ids == sorted(set(ids))
    assert {"20261122T030000Z-aaaaaa", "20261123T030000Z-bbbbbb"} <= set(ids)


def test_many_documents_are_read_at_once_without_the_missing_ones(stage: Stage) -> None:
    names = [f"runs/many/{number}.json" for number in range(20)]
    for name in names:
        stage.gateway.documents.write(name, name.encode())
    found = stage.gateway.documents.read_all([*names, "runs/many/missing.json"])
    assert found == {name: name.encode() for name in names}


def test_a_notice_arrives_as_it_was_sent(stage: Stage) -> None:
    stage.gateway.notices.send('{"id": "20261123T030000Z-0a1b2c", "lab": "Grün"}')
    assert '{"id": "20261123T030000Z-0a1b2c", "lab": "Grün"}' in stage.messages()


def test_the_longest_notice_fits_and_a_longer_one_is_refused(stage: Stage) -> None:
    stage.gateway.notices.send("x" * 48 * 1024)
    with pytest.raises(Refused, match="49152"):
        stage.gateway.notices.send("x" * (48 * 1024 + 1))


def test_the_clock_knows_its_zone(stage: Stage) -> None:
    offset = stage.gateway.clock.now().utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0
