"""A whole factory in virtual time: a fake cloud with labs in two regions, an engine, and requests for runs."""

import json
from datetime import timedelta

from shared.domain.gate import Asked, GateState
from shared.domain.models import Lab, RunRequest
from shared.domain.report import Report
from shared.domain.storage import CopyStatus
from shared.steps import accepting, folder
from shared.workflow.watch import watch
from tests.fakes.cloud import IMAGE_CONTAINER, SUBSCRIPTION, FakeCloud
from tests.fakes.gateway import FakeGateway
from tests.simulation.engine import Engine

HOME, AWAY = "westeurope", "northeurope"
HUB = "hubnortheurope"
ENVIRONMENT = {
    "FACTORY_SUBSCRIPTION_ID": SUBSCRIPTION,
    "FACTORY_RESOURCE_GROUP": "image-factory",
    "FACTORY_LAB_NAME": "ImageFactory",
    "REGION_HUBS": json.dumps({AWAY: HUB}),
    "FactoryStorage__blobServiceUri": "https://app.blob.example",
    "FactoryStorage__queueServiceUri": "https://app.queue.example",
}


class EngineRuns:
    """The simulated engine as the watch sees the real one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def gate(self) -> GateState:
        return self._engine.state

    def has_ended(self, run_id: str) -> bool | None:
        root = self._engine.instances.get(run_id)
        return None if root is None else root.status in ("Completed", "Failed", "Terminated")

    def end_children(self, run_id: str) -> None:
        for instance in self._engine.instances.values():
            if instance.id.startswith(f"{run_id}:"):
                instance.status = "Terminated"

    def request(self, request: RunRequest) -> None:
        self._engine.signal("request", asked(request))

    def ended(self, run_id: str) -> None:
        self._engine.signal("ended", run_id)


def asked(request: RunRequest) -> Asked:
    """What the gate is told of a request."""
    return {"id": request.id, "mergeable": request.mergeable, "dryRun": request.dry_run}


class Factory:
    """A factory with prepared machines and labs that want all of their images."""

    def __init__(self, *, labs_at_home: int = 2, labs_away: int = 2, vms: int = 2, seed: int = 0) -> None:
        self.cloud = FakeCloud()
        self.cloud.add_hub(AWAY, HUB)
        for number in range(vms):
            self.cloud.add_vm(f"golden{number}", f"Win2016\\Image{number}.json")
        self.labs = [self.cloud.add_lab(f"Home{n}", region=HOME) for n in range(labs_at_home)]
        self.labs += [self.cloud.add_lab(f"Away{n}", region=AWAY) for n in range(labs_away)]
        self.upload({lab.name: ["Win2016"] for lab in self.labs})
        self.engine = Engine(self.cloud, seed)

    @property
    def gateway(self) -> FakeGateway:
        return self.engine.gateway

    def upload(self, wanted: dict[str, list[str]]) -> None:
        """Puts a labs.json with these labs and entries."""
        labs = [{"SubscriptionId": SUBSCRIPTION, "LabName": lab, "ImagePaths": paths} for lab, paths in wanted.items()]
        self.cloud.put_labs_file(json.dumps({"Labs": labs}).encode())

    def request(self, body: bytes = b"") -> str:
        """Asks for a run as HTTP would, and tells the gate."""
        request = accepting.accept(self.gateway, "http", None, body).request
        self.engine.signal("request", asked(request))
        return request.id

    def run(self, body: bytes = b"") -> Report:
        """One run from request to report."""
        run_id = self.request(body)
        self.engine.run()
        return self.report(run_id)

    def report(self, run_id: str) -> Report:
        report = folder.load(self.gateway, run_id, folder.REPORT, Report)
        assert report is not None, f"{run_id} left no report"
        return report

    def watch(self) -> None:
        """What the timer watch_runs does once a minute."""
        watch(EngineRuns(self.engine), self.gateway, 1)

    def lets_time_pass(self, days: float = 1) -> None:
        self.cloud.advance(timedelta(days=days).total_seconds())

    def images_of(self, lab: Lab) -> dict[str, str]:
        """State by name of a lab's custom images."""
        return {image.name: image.state for image in self.cloud.images[lab.id].values()}

    def staged(self) -> list[str]:
        """Blobs outside the image storage: there must be none when no run is on its way."""
        return [f"{blob.account}/{blob.name}" for blob in self.cloud.blobs if blob.container != IMAGE_CONTAINER]

    def crossings(self) -> list[str]:
        """Finished copies from the factory's account into the other region, by target."""
        return [
            copy.target.name
            for copy in self.cloud.copies
            if copy.status is CopyStatus.SUCCESS
            and not isinstance(copy.source, str)
            and self.cloud.region_of(copy.source.account) != self.cloud.region_of(copy.target.account)
        ]
