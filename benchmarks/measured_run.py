"""One run on this machine to be measured: the emulated Azure and the app beside it, started, driven and ended."""

import json
import ssl
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import processor
from factory.api import Api
from factory.errors import ApiError
from local.cloud.world import load_world
from local.environment import READY_SECONDS, ROOT, CloudAddresses, host_environment, start_cloud
from local.processes import Child, Children
from shared.domain.report import FINAL
from tests.e2e.witness import generations

LONGEST_SECONDS = 3600  # a measurement ends by itself
POLL_SECONDS = 1.0  # asking how a run stands costs the app something too


@dataclass(frozen=True)
class MeasuredRun:
    """What a run was and what it took. `processor_seconds` are those of the app's host, where they can be known."""

    report: dict[str, Any]
    ledger: dict[str, Any]
    seconds: float
    processor_seconds: float | None
    longest_history: int

    @property
    def pairs(self) -> int:
        """Lab and image pairs of the run."""
        return len(self.report["deliveries"])


def measure(world: Mapping[str, Any], labs: Mapping[str, Any]) -> MeasuredRun:
    """Runs a world with a labs.json once. RuntimeError for a run that did not succeed: it measures nothing."""
    with tempfile.TemporaryDirectory(prefix="image-factory-benchmark-") as place:
        folder = Path(place)
        histories = folder / "histories"
        histories.mkdir()
        file = folder / "world.json"
        file.write_text(json.dumps(world), encoding="utf-8")
        with Children(folder=ROOT, logs=folder) as children:
            cloud = CloudAddresses.from_ready(start_cloud(children, file))
            host = _host(children, host_environment(load_world(file), cloud), histories)
            line = host.ready(READY_SECONDS)
            before, began = processor.of_process(host.id), time.monotonic()
            report = _run(Api(line["url"], line["functionKey"]), children, labs)
            seconds, after = time.monotonic() - began, processor.of_process(host.id)
            return MeasuredRun(
                report=report,
                ledger=_ledger(cloud),
                seconds=seconds,
                processor_seconds=None if before is None or after is None else after - before,
                longest_history=max(
                    len(asked.pastEvents) + len(asked.newEvents) for asked, _ in generations(histories)
                ),
            )


def _host(children: Children, environment: Mapping[str, str], histories: Path) -> Child:
    command = [sys.executable, "-m", "tests.e2e.witness", str(histories), "--app", str(ROOT), "--exit-with-parent"]
    return children.start("Functions host", command, environment)


def _run(api: Api, children: Children, labs: Mapping[str, Any]) -> dict[str, Any]:
    run_id = api.start({"labs": labs})
    _wait_for_end(api, children, run_id)
    report: dict[str, Any] = json.loads(api.report(run_id, "json"))
    if report["status"] != "Succeeded":
        raise RuntimeError(f"the run ended {report['status']}: {report['counts']}")
    return report


def _wait_for_end(api: Api, children: Children, run_id: str) -> None:
    """Azurite alone answers late when it holds thousands of blobs: a status that cannot be read now is asked again."""
    latest = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < latest:
        children.check()
        with suppress(ApiError):
            if api.run(run_id)["status"] in FINAL:
                return
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"the run did not end in {LONGEST_SECONDS} seconds")


def _ledger(cloud: CloudAddresses) -> dict[str, Any]:
    trust = ssl.create_default_context(cafile=cloud.ca_file)
    opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust), urllib.request.ProxyHandler({}))
    with opener.open(f"{cloud.arm}/_emulator/ledger") as answer:
        found: dict[str, Any] = json.load(answer)
        return found
