"""How far a run is, from what its children say of themselves."""

from typing import Any

from shared.domain.models import PlannedSave
from shared.steps import folder, progress
from tests.fakes.cloud import FakeCloud
from tests.fakes.gateway import FakeGateway

RUN = "20261123T030000Z-abcdef"


def a_gateway() -> FakeGateway:
    gateway = FakeGateway(FakeCloud())
    saves = tuple(PlannedSave(vm=f"golden{n}", action="save", image_path=f"Win/{n}.json") for n in range(3))
    folder.store(gateway, RUN, folder.SAVES, folder.SavePlan(saves=saves))
    return gateway


def a_region(name: str = "westeurope", **facts: Any) -> dict[str, Any]:
    sizes = {"copied": 100, "total": 300}
    return {"region": name, "counts": {"waiting": 2}, "bytes": sizes, "inFlight": 1, "rate": 10, "images": [], **facts}


def a_save(copied: int, rate: int, state: str = "copying") -> dict[str, Any]:
    return {"state": state, "bytes": {"copied": copied, "total": 100}, "rate": rate}


def test_nothing_is_said_of_a_run_without_children() -> None:
    told = progress.detail(a_gateway(), RUN, {})
    assert told == {"copies": {"inFlight": 0, "bytesPerSecond": 0}, "saves": [], "regions": []}


def test_saves_are_named_after_their_machines() -> None:
    children = {f"{RUN}:save-2": a_save(50, 5), f"{RUN}:save-0": {}}
    first, second = progress.detail(a_gateway(), RUN, children)["saves"]
    assert (first["vm"], first["state"], first["bytesPerSecond"]) == ("golden0", "waiting", 0)
    assert (second["vm"], second["copied"], second["secondsToGo"]) == ("golden2", 50, 10)


def test_rates_add_up_and_the_slowest_part_tells_the_time_to_go() -> None:
    children = {f"{RUN}:save-0": a_save(50, 5), f"{RUN}:west": a_region(), f"{RUN}:east": a_region("eastus", rate=100)}
    told = progress.detail(a_gateway(), RUN, children)
    assert told["copies"] == {"inFlight": 3, "bytesPerSecond": 115}
    assert told["secondsToGo"] == 20
    assert [each["region"] for each in told["regions"]] == ["eastus", "westeurope"]


def test_time_to_go_is_left_out_while_nothing_moves() -> None:
    told = progress.detail(a_gateway(), RUN, {f"{RUN}:west": a_region(inFlight=0, rate=0)})
    assert "secondsToGo" not in told
    assert "secondsToGo" not in told["regions"][0]


def test_status_of_an_app_that_said_less_is_understood() -> None:
    old = {"region": "westeurope", "counts": {}, "bytes": {"copied": 0, "total": 0}}
    (region,) = progress.detail(a_gateway(), RUN, {f"{RUN}:west": old})["regions"]
    assert (region["inFlight"], region["images"]) == (0, [])
