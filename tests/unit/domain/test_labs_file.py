"""labs.json: what is read, and every finding with its place."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.labs_file import parse
from shared.domain.models import LabsFile, Severity

SUBSCRIPTION = "7a1f0c52-4b1e-4f0a-9d57-2f6b8f3a1c01"
OTHER = "c3d2e8b4-90a6-4c57-8b1d-5e7f4a9d2c02"
SAMPLE = Path(__file__).parents[3] / "config" / "labs.json"


def a_lab(**changes: Any) -> dict[str, Any]:
    return {"SubscriptionId": SUBSCRIPTION, "LabName": "Blue", "ImagePaths": ["Win2016"]} | changes


def parsed(*labs: Any) -> LabsFile:
    return parse(json.dumps({"Labs": labs}).encode())


def codes(file: LabsFile, severity: Severity = Severity.ERROR) -> list[tuple[str, str]]:
    return [(finding.code, finding.path) for finding in file.findings if finding.severity is severity]


def test_sample_has_four_labs_and_no_findings() -> None:
    file = parse(SAMPLE.read_bytes())
    assert not file.blocked
    assert file.findings == ()
    assert [(lab.name, lab.resource_group) for lab in file.labs] == [
        ("TeamBlue", "team-blue"),
        ("TeamRed", None),
        ("TeamGreen", None),
        ("TeamSilver", "team-silver"),
    ]
    assert len({lab.subscription_id for lab in file.labs}) == 2
    assert file.labs[0].image_paths == ("Win2022", "Linux/Ubuntu-22.04.json", "Win2016/Datacenter.json")
    assert (file.labs[0].path, file.labs[0].line, file.labs[0].column) == ("Labs[0]", 4, 5)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_file_of_any_windows_editor_is_read(encoding: str) -> None:
    text = json.dumps({"Labs": [a_lab(ImagePaths=["Büro/Win11.json"])]}, ensure_ascii=False, indent=2)
    file = parse(text.replace("\n", "\r\n").encode(encoding))
    assert file.findings == ()
    assert file.labs[0].image_paths == ("Büro/Win11.json",)


def test_keys_are_known_in_any_case() -> None:
    text = f'{{"labs": [{{"subscriptionid": "{SUBSCRIPTION.upper()}", "LABNAME": "Blue", "imagePaths": ["a"]}}]}}'
    file = parse(text.encode())
    assert file.findings == ()
    assert file.labs[0].subscription_id == SUBSCRIPTION


def test_authors_own_keys_are_silent() -> None:
    lab = a_lab(_owner="me", **{"//": "note", "//paths": 1})
    assert parse(json.dumps({"$schema": "x", "_": 1, "Labs": [lab]}).encode()).findings == ()


@pytest.mark.parametrize(
    ("content", "code", "path"),
    [
        (b"", "empty-file", ""),
        (b"\xef\xbb\xbf \r\n", "empty-file", ""),
        (b"not json", "not-json", ""),
        (b'{"Labs": [],}', "not-json", ""),
        (b'{"Labs": [], "x": "\xfc"}', "not-utf", ""),
        (b"{" + b" " * 1024 * 1024 + b"}", "too-large", ""),
        (b"[]", "no-labs-list", ""),
        (b"{}", "no-labs-list", ""),
        (b'{"Labs": {}}', "no-labs-list", "Labs"),
        (b'{"Labs": null}', "no-labs-list", "Labs"),
    ],
)
def test_unusable_file_blocks_all_deliveries(content: bytes, code: str, path: str) -> None:
    file = parse(content)
    assert file.blocked
    assert file.labs == ()
    assert (code, path) in codes(file)
    assert all(finding.line and finding.column for finding in file.findings)


def test_file_that_is_no_json_still_tells_all_that_is_wrong() -> None:
    file = parse(b'{"Labs": [\n  {"SubscriptionId": "x", "LabName": "Blue", "ImagePaths": ["Win2016\\Data.json",]}\n]}')
    assert [(finding.code, finding.line, finding.column) for finding in file.findings] == [
        ("not-a-guid", 2, 22),
        ("not-json", 2, 69),
        ("not-json", 2, 80),
    ]
    assert file.blocked


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"SubscriptionId": "<subscription ID>"}, "placeholder", "SubscriptionId"),
        ({"SubscriptionId": "00000000-0000-0000-0000-000000000000"}, "placeholder", "SubscriptionId"),
        ({"SubscriptionId": "My subscription"}, "not-a-guid", "SubscriptionId"),
        ({"SubscriptionId": 5}, "wrong-type", "SubscriptionId"),
        ({"SubscriptionId": None}, "missing-key", "SubscriptionId"),
        ({"LabName": "<lab name>"}, "placeholder", "LabName"),
        ({"LabName": "Team Blue"}, "bad-name", "LabName"),
        ({"LabName": "x" * 51}, "bad-name", "LabName"),
        ({"LabName": "../other"}, "bad-name", "LabName"),
        ({"LabName": ""}, "bad-name", "LabName"),
        ({"LabName": True}, "wrong-type", "LabName"),
        ({"ResourceGroup": "group."}, "bad-name", "ResourceGroup"),
        ({"ResourceGroup": "#{group}#"}, "placeholder", "ResourceGroup"),
        ({"ResourceGroup": ["g"]}, "wrong-type", "ResourceGroup"),
        ({"ImagePaths": "Win2016"}, "wrong-type", "ImagePaths"),
        ({"ImagePaths": ["a", 1]}, "wrong-type", "ImagePaths[1]"),
        ({"ImagePaths": ["a", None]}, "wrong-type", "ImagePaths[1]"),
        ({"ImagePaths": ["../secret"]}, "bad-image-path", "ImagePaths[0]"),
        ({"ImagePaths": ["a\\..\\b"]}, "bad-image-path", "ImagePaths[0]"),
        ({"ImagePaths": ["./a"]}, "bad-image-path", "ImagePaths[0]"),
        ({"ImagePaths": ["C:\\Images"]}, "bad-image-path", "ImagePaths[0]"),
        ({"ImagePaths": ["Win2016\new.json"]}, "bad-image-path", "ImagePaths[0]"),
        ({"ImagePaths": ["a\u0000"]}, "bad-image-path", "ImagePaths[0]"),
        ({"ImagePaths": ["a\ud800"]}, "bad-image-path", "ImagePaths[0]"),
        ({"ImagePaths": ["  "]}, "bad-image-path", "ImagePaths[0]"),
        ({"ImagePaths": ["x" * 257]}, "bad-image-path", "ImagePaths[0]"),
        ({"ImagePaths": ["<image path>"]}, "placeholder", "ImagePaths[0]"),
        ({"ImagePaths": [f"x{number}" for number in range(501)]}, "too-many-paths", "ImagePaths"),
        ({"Relay": "false"}, "wrong-type", "Relay"),
        ({"labname": "Red"}, "duplicate-key", "LabName"),
    ],
)
def test_error_leaves_out_its_lab_alone(changes: dict[str, Any], code: str, path: str) -> None:
    file = parsed(a_lab(LabName="First"), a_lab(**changes), a_lab(LabName="Last"))
    assert not file.blocked
    assert [lab.name for lab in file.labs] == ["First", "Last"]
    assert codes(file) == [(code, f"Labs[1].{path}")]


@pytest.mark.parametrize("missing", ["SubscriptionId", "LabName"])
def test_missing_key_is_reported_at_its_lab(missing: str) -> None:
    lab = a_lab()
    del lab[missing]
    assert codes(parsed(lab)) == [("missing-key", f"Labs[0].{missing}")]


@pytest.mark.parametrize("entry", [None, "Blue", 7, ["Blue"]])
def test_entry_that_is_no_object_leaves_out_itself_alone(entry: object) -> None:
    file = parsed(entry, a_lab())
    assert codes(file) == [("lab-not-object", "Labs[0]")]
    assert len(file.labs) == 1


def test_message_names_the_lab_and_says_what_to_do() -> None:
    (finding,) = parsed(a_lab(ImagePaths=["Win2016\base.json"])).findings
    assert finding.message.startswith('Lab "Blue": ')
    assert "Write `Win2016/base.json`." in finding.message


def test_misspelt_key_is_a_warning_with_the_key_that_was_meant() -> None:
    file = parsed(a_lab(ResourceGrp="x", Colour="blue"))
    assert codes(file, Severity.WARNING) == [("unknown-key", "Labs[0].ResourceGrp"), ("unknown-key", "Labs[0].Colour")]
    assert "Did you mean `ResourceGroup`?" in file.findings[0].message
    assert "Did you mean" not in file.findings[1].message
    assert len(file.labs) == 1


def test_thousands_of_foreign_keys_are_counted_not_listed() -> None:
    file = parsed(a_lab(**{f"key{number}": 1 for number in range(5000)}))
    assert len(file.findings) == 11
    assert "4,990 more keys" in file.findings[-1].message


@pytest.mark.parametrize("entry", ["", "/", "\\"])
def test_entry_for_every_image_is_used_with_a_warning(entry: str) -> None:
    file = parsed(a_lab(ImagePaths=[entry]))
    assert codes(file, Severity.WARNING) == [("matches-everything", "Labs[0].ImagePaths[0]")]
    assert file.labs[0].image_paths == (entry,)


@pytest.mark.parametrize("changes", [{"ImagePaths": []}, {"ImagePaths": None}])
def test_lab_without_image_paths_is_warned_about(changes: dict[str, Any]) -> None:
    file = parsed(a_lab(**changes))
    assert codes(file, Severity.WARNING) == [("no-image-paths", "Labs[0].ImagePaths")]
    assert file.labs[0].image_paths == ()


def test_wildcards_are_taken_as_they_stand_with_a_warning() -> None:
    file = parsed(a_lab(ImagePaths=["Win*"]))
    assert codes(file, Severity.WARNING) == [("wildcard", "Labs[0].ImagePaths[0]")]
    assert file.labs[0].image_paths == ("Win*",)


def test_empty_list_of_labs_is_a_warning() -> None:
    file = parsed()
    assert not file.blocked
    assert codes(file, Severity.WARNING) == [("no-labs", "Labs")]


def test_lab_listed_twice_is_one_lab_with_the_union_of_its_paths() -> None:
    first = a_lab(ImagePaths=["Win2016", "Linux"])
    second = a_lab(LabName="BLUE", SubscriptionId=SUBSCRIPTION.upper(), ImagePaths=["LINUX\\", "Win11"], Relay=False)
    file = parsed(first, a_lab(LabName="Red"), second)
    assert codes(file, Severity.WARNING) == [("duplicate-lab", "Labs[2]")]
    blue, red = file.labs
    assert blue.image_paths == ("Win2016", "Linux", "Win11")
    assert not blue.relay
    assert red.relay


def test_lab_listed_twice_in_one_resource_group_is_one_lab() -> None:
    file = parsed(a_lab(ResourceGroup="RG"), a_lab(ResourceGroup="rg", ImagePaths=["Win11"]))
    assert codes(file, Severity.WARNING) == [("duplicate-lab", "Labs[1]")]
    (blue,) = file.labs
    assert blue.resource_group == "RG"


def test_entry_without_a_resource_group_takes_none_from_another_entry() -> None:
    file = parsed(a_lab(), a_lab(ResourceGroup="wrong"))
    assert file.findings == ()
    assert [lab.resource_group for lab in file.labs] == [None, "wrong"]


def test_labs_of_one_name_in_different_groups_or_subscriptions_are_different_labs() -> None:
    file = parsed(a_lab(ResourceGroup="one"), a_lab(ResourceGroup="two"), a_lab(SubscriptionId=OTHER))
    assert file.findings == ()
    assert len(file.labs) == 3


def test_labs_beyond_the_limit_are_left_out() -> None:
    file = parsed(*(a_lab(LabName=f"Lab{number}") for number in range(2002)))
    assert codes(file) == [("too-many-labs", "Labs[2000]")]
    assert len(file.labs) == 2000
    assert not file.blocked


def test_findings_stand_in_the_order_of_the_file() -> None:
    file = parse(b'{"Labs": [\n {"LabName": "A B", "Relay": 1, "Foo": 2},\n 7]}')
    places = [(finding.line or 0, finding.column or 0) for finding in file.findings]
    assert places == sorted(places)
    assert len(places) == 6


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode))
def test_no_content_raises(content: bytes) -> None:
    file = parse(content)
    assert file.blocked == (not file.labs and any(finding.severity is Severity.ERROR for finding in file.findings))
    assert LabsFile.model_validate_json(file.model_dump_json()) == file


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
any_labs = st.fixed_dictionaries(
    {},
    optional={
        "SubscriptionId": st.sampled_from([SUBSCRIPTION, OTHER]) | json_values,
        "LabName": st.sampled_from(["Blue", "blue", "Red"]) | json_values,
        "ResourceGroup": st.just("rg") | json_values,
        "ImagePaths": st.lists(st.text(max_size=5)) | json_values,
        "Relay": json_values,
        "x\ud800": json_values,
    },
)


@settings(deadline=None)
@given(st.lists(any_labs | json_values, max_size=5))
def test_any_entries_give_usable_labs_and_findings_that_can_be_written(labs: list[Any]) -> None:
    file = parsed(*labs)
    assert not file.blocked
    assert LabsFile.model_validate_json(file.model_dump_json()) == file
    for lab in file.labs:
        assert lab.subscription_id in (SUBSCRIPTION, OTHER)
        assert all(".." not in entry.replace("\\", "/").split("/") for entry in lab.image_paths)
