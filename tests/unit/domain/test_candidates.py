"""Which saved image stands for an image path."""

from datetime import UTC, datetime

import pytest

from shared.domain.candidates import newest_good
from shared.domain.models import SavedImage, Severity
from tests.unit.domain.factory_facts import BEFORE, NOW, an_image


def chosen(*images: SavedImage) -> list[tuple[str, str | None]]:
    return [(each.image.id, each.blocked) for each in newest_good(images)[0]]


def test_newest_image_of_each_path_is_chosen_whatever_its_slashes_and_case() -> None:
    older, newer = an_image(1), an_image(2, "win/SERVER.json", timestamp=NOW)
    assert chosen(newer, older, an_image(3, "Linux/A")) == [("record3", None), ("record2", None)]


def test_later_letter_wins_when_two_were_saved_in_one_run() -> None:
    names = ("Win-Nov-23-2026A", "Win-Nov-23-2026", "Win-Nov-23-2026B")
    assert chosen(*(an_image(number, image_name=name) for number, name in enumerate(names))) == [("record2", None)]


@pytest.mark.parametrize(
    ("broken", "code", "words"),
    [
        ({"present": False}, "vhd-missing", "its VHD is missing"),
        ({"hyper_v_generation": "V2"}, "gen2", "Generation 2"),
    ],
)
def test_unusable_image_gives_way_to_an_older_one_or_is_blocked(
    broken: dict[str, object], code: str, words: str
) -> None:
    newest = an_image(2, timestamp=NOW, **broken)  # type: ignore[arg-type]
    candidates, findings = newest_good([an_image(1), newest])
    assert [(each.image.id, each.blocked) for each in candidates] == [("record1", None)]
    assert [(each.code, each.severity) for each in findings] == [(code, Severity.WARNING)]
    assert words in findings[0].message
    assert "The older Image1 is delivered instead" in findings[0].message
    candidates, findings = newest_good([newest])
    assert [(each.image.id, each.blocked) for each in candidates] == [("record2", code)]
    assert "It is not delivered" in findings[0].message


def test_doubt_about_which_image_is_the_newest_is_told() -> None:
    older = an_image(1, timestamp=datetime(2018, 4, 20, tzinfo=UTC))
    read = {"timestamp": datetime(2018, 5, 4, tzinfo=UTC), "other_timestamp": datetime(2018, 4, 5, tzinfo=UTC)}
    candidates, findings = newest_good([older, an_image(2, **read)])  # type: ignore[arg-type]
    assert [each.image.id for each in candidates] == ["record2"]
    assert [(each.code, each.severity) for each in findings] == [("ambiguous-time", Severity.WARNING)]
    assert "Image1 may be" in findings[0].message
    assert "record2.json (2018-05-04 or 2018-04-05)" in findings[0].message


def test_doubt_about_a_time_that_decides_nothing_is_not_told() -> None:
    read = {"timestamp": datetime(2018, 5, 4, tzinfo=UTC), "other_timestamp": datetime(2018, 4, 5, tzinfo=UTC)}
    for other in (datetime(2018, 4, 1, tzinfo=UTC), datetime(2018, 6, 1, tzinfo=UTC)):
        _, findings = newest_good([an_image(1, timestamp=other), an_image(2, **read)])  # type: ignore[arg-type]
        assert findings == ()


def test_unusable_image_that_is_not_the_newest_is_passed_over_in_silence() -> None:
    candidates, findings = newest_good([an_image(1, present=False), an_image(2, timestamp=NOW)])
    assert [each.image.id for each in candidates] == ["record2"]
    assert findings == ()


def test_image_paths_with_one_name_are_all_refused() -> None:
    first, second = an_image(1, "A/Win/X", image_name="Win_X"), an_image(2, "B/Win/X", image_name="win_x")
    candidates, findings = newest_good([first, second, an_image(3, "C", timestamp=BEFORE)])
    assert [(each.path, each.blocked) for each in candidates] == [
        ("a/win/x", "name-collision"),
        ("b/win/x", "name-collision"),
        ("c", None),
    ]
    assert [(each.code, each.severity) for each in findings] == [("name-collision", Severity.ERROR)]
    assert "A/Win/X, B/Win/X" in findings[0].message
