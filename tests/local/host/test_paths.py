import pytest

from local.host.errors import AppError
from local.host.storage.paths import BlobPath, fill


@pytest.mark.parametrize(
    ("path", "blob", "parameters"),
    [
        ("c/{name}", "a/b.txt", {"name": "a/b.txt"}),
        ("c/{name}.json", "labs.json", {"name": "labs"}),
        ("c/in/{a}-{b}.txt", "in/x-y.txt", {"a": "x", "b": "y"}),
        ("c/labs.json", "labs.json", {}),
        ("c", "anything", {"name": "anything"}),
    ],
)
def test_blob_gives_its_parameters(path: str, blob: str, parameters: dict[str, str]) -> None:
    assert BlobPath(path).match(blob) == parameters


@pytest.mark.parametrize(("path", "blob"), [("c/{name}.json", "labs.jsonx"), ("c/labs.json", "Labs.json")])
def test_other_blob_is_not_matched(path: str, blob: str) -> None:
    assert BlobPath(path).match(blob) is None


def test_only_blobs_with_the_literal_beginning_need_be_listed() -> None:
    assert BlobPath("c/in/{name}.json").prefix == "in/"


@pytest.mark.parametrize("path", ["", "/", "{container}/{name}"])
def test_path_without_a_container_is_refused(path: str) -> None:
    with pytest.raises(AppError, match="must begin with the name of a container"):
        BlobPath(path)


def test_template_is_filled_with_the_values_of_the_trigger() -> None:
    assert fill("out/{name}.txt", {"name": "x"}) == "out/x.txt"
    assert fill("out/{rand-guid}", {}) != fill("out/{rand-guid}", {})


def test_value_that_the_trigger_does_not_give_is_named() -> None:
    with pytest.raises(AppError, match=r"uses \{day\}"):
        fill("out/{day}", {"name": "x"})
