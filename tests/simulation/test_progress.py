"""What a region tells of its images, under the names that the run's folder has for them."""

import json

from shared.steps import progress
from tests.simulation.factory import Factory


def test_images_are_named_and_counted_in_the_order_of_the_region() -> None:
    factory = Factory()
    run_id = factory.run().run_id
    children = {name: each.custom_status for name, each in factory.engine.instances.items() if ":" in name}
    for region in progress.detail(factory.gateway, run_id, children)["regions"]:
        images = [(each["imagePath"], each["delivered"], each["labs"]) for each in region["images"]]
        assert images == [("Win2016/Image0.json", 2, 2), ("Win2016/Image1.json", 2, 2)]


def test_status_of_a_child_stays_under_4_kilobytes() -> None:
    factory = Factory(vms=60)
    factory.run()
    statuses = [json.dumps(each.custom_status) for name, each in factory.engine.instances.items() if ":" in name]
    assert max(map(len, statuses)) < 4096
