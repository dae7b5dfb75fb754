"""Records the histories anew, from runs of the whole app on this machine: `python -m tests.histories.recording`.

Do so only after a change that running orchestrations need not survive; else the replay has found a fault.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.e2e import worlds
from tests.e2e.app_client import wait_until
from tests.e2e.running import HOST, RunningFactory, app_of
from tests.e2e.witness import generations
from tests.emulation import emulated
from tests.histories.history import FOLDER, History

MANY = 40  # labs: enough pairs for a region to continue as new
CROWD, SIZES, COPIES = 8, (3, 2, 1), 3  # labs, MiB of the images, copies at once


def main() -> None:
    """Replace the recorded histories."""
    recorded = {**_small_world(), **_many_labs(), **_crowded_hub()}
    for old in FOLDER.glob("*.json"):
        old.unlink()
    FOLDER.mkdir(exist_ok=True)
    for name, history in recorded.items():
        history.write(FOLDER / f"{name}.json")


def _small_world() -> dict[str, History]:
    """A run on which copies fail, calls are throttled and a machine cannot be saved, and a dry run."""
    with tempfile.TemporaryDirectory() as folder, _running(Path(folder), worlds.two_regions()) as factory:
        labs = worlds.wanted(Blue=["Win2022"], Red=[""], Green=[""])
        _add_faults(factory)
        troubled = factory.app.run({"labs": labs})["runId"]
        dry = factory.app.run({"labs": labs, "dryRun": True})["runId"]
        found = _generations(Path(folder) / "histories", troubled, dry)
        names = {
            "troubled_run": troubled,
            "save_that_ends_well": f"{troubled}:save-0",
            "save_that_fails": f"{troubled}:save-1",
            "region_with_a_hub": f"{troubled}:{worlds.AWAY}",
            "region_of_the_factory": f"{troubled}:{worlds.HOME}",
            "dry_run": dry,
        }
        return {name: found[instance][-1] for name, instance in names.items()}


def _many_labs() -> dict[str, History]:
    """A region that continues as new."""
    labs = [worlds.lab(f"Lab{number}") for number in range(MANY)]
    vms = [worlds.vm("golden1", "Win2022/One.json"), worlds.vm("golden2", "Win2022/Two.json")]
    with (
        tempfile.TemporaryDirectory() as folder,
        _running(Path(folder), worlds.world(vms=vms, labs=labs, hubs=())) as factory,
    ):
        run = factory.app.run({"labs": worlds.wanted(**{lab["name"]: [""] for lab in labs})})["runId"]
        first, *_, last = _generations(Path(folder) / "histories", run)[f"{run}:{worlds.HOME}"]
        return {"region_that_continues": first, "region_that_continued": last}


def _crowded_hub() -> dict[str, History]:
    """Images of several sizes for many labs of a hub, and fewer copies at once than they call for."""
    labs = [worlds.lab(f"Lab{number}", worlds.AWAY) for number in range(CROWD)]
    saved = [worlds.saved(f"Win2022/Size{size}.json", f"Size{size}", diskMiB=size) for size in SIZES]
    world = worlds.world(images=saved, labs=labs)
    world["speeds"] = {**world["speeds"], "copyMiBPerSecond": 1 / world["speeds"]["timeScale"]}
    settings = {"MAX_CONCURRENT_COPIES": str(COPIES)}
    with (
        tempfile.TemporaryDirectory() as folder,
        _running(Path(folder), world, settings) as factory,
    ):
        run = factory.app.run({"labs": worlds.wanted(**{lab["name"]: [""] for lab in labs})})["runId"]
        first, *_ = _generations(Path(folder) / "histories", run)[f"{run}:{worlds.AWAY}"]
        return {"region_with_a_crowded_hub": first}


@contextmanager
def _running(
    folder: Path, world: dict[str, Any], settings: Mapping[str, str | None] | None = None
) -> Iterator[RunningFactory]:
    histories = folder / "histories"
    histories.mkdir()
    host = ("-m", "tests.e2e.witness", str(histories), *HOST[2:])
    with emulated(worlds.written(folder, world), folder) as azure, app_of(azure, folder, settings, host) as factory:
        yield factory


def _add_faults(factory: RunningFactory) -> None:
    hub = {"service": "blob", "method": "PUT", "path": "/hub", "operation": "Copy Blob"}
    factory.azure.add_fault({"match": hub, "failCopy": 0.5, "times": 2})
    throttled = {"match": {"operation": "CustomImages_CreateOrUpdate"}, "status": 429, "retryAfter": 1, "times": 2}
    factory.azure.add_fault(throttled)
    disk = {"operation": "Disks_GrantAccess", "path": "/golden2_OsDisk"}
    refused = {"match": disk, "status": 403, "code": "AuthorizationFailed"}
    factory.azure.add_fault(refused)


def _generations(folder: Path, *runs: str) -> dict[str, list[History]]:
    """The generations of each orchestration in order, once the last turn of these runs is over."""
    wait_until(lambda: set(runs) <= {asked.instanceId for asked, _ in generations(folder)}, "the end of the runs")
    found: dict[str, list[History]] = {}
    for asked, answered in generations(folder):
        events = [*asked.pastEvents, *asked.newEvents]
        found.setdefault(asked.instanceId, []).append(History(asked.instanceId, events, answered))
    return found


if __name__ == "__main__":
    main()
