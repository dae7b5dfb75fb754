import pytest

from local.host.http.access import Keys, make_keys

_KEYS = Keys(function="f-key", master="m-key", durable="d-key")


@pytest.mark.parametrize(
    ("level", "key", "admitted"),
    [
        ("ANONYMOUS", "", True),
        ("function", "f-key", True),
        ("function", "m-key", True),
        ("function", "d-key", False),
        ("function", "", False),
        ("function", "f-key\udcff", False),
        ("ADMIN", "m-key", True),
        ("ADMIN", "f-key", False),
        ("unheard of", "f-key", False),
    ],
)
def test_level_decides_which_key_is_enough(level: str, key: str, admitted: bool) -> None:
    assert _KEYS.admits(level, key) is admitted


def test_management_has_a_key_of_its_own() -> None:
    assert [_KEYS.admits_management(key) for key in ("d-key", "m-key", "f-key", "")] == [True, True, False, False]


def test_keys_are_new_at_each_start_unless_a_setting_fixes_the_function_key() -> None:
    assert make_keys({}) != make_keys({})
    assert make_keys({"FUNCTIONS_LOCAL_KEY": "mine"}).function == "mine"


def test_keys_do_not_show() -> None:
    assert "key" not in repr(_KEYS).lower().replace("keys", "")
