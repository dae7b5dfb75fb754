"""Read access to managed disks, through Azure Compute. It remembers nothing: who granted what is noted by the steps."""

import time
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from shared.domain.errors import Refused, Unavailable
from shared.gateway.arm_ids import parsed
from shared.gateway.clients import AzureClients
from shared.gateway.faults import asking

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse
    from azure.mgmt.compute import ComputeManagementClient

POLL_INTERVAL = 0.5  # seconds; the service needed 0.36 s in recorded traffic
GRANT_DEADLINE = 60.0  # seconds until an unfinished grant is given up
LONGEST_GRANT = 5_184_000  # seconds: 60 days, the service's own limit
_ROLE = "Disk Snapshot Contributor, or a role with disks/beginGetAccess and endGetAccess, on the lab's disks"


class AzureDisks:
    """`port.Disks` over the Compute SDK."""

    def __init__(self, clients: AzureClients) -> None:
        self._clients = clients

    def grant_read(self, disk_id: str, seconds: int) -> SecretStr:
        """A read SAS of the disk: one POST, then one GET of its Location until it is there."""
        if seconds > LONGEST_GRANT:
            raise Refused("grant-too-long", f"A disk can be granted for {LONGEST_GRANT} seconds at most.", what=disk_id)
        disk = parsed(disk_id)
        answers: list[Any] = []
        with asking(f"grant read access to the disk {disk.name}", _ROLE):
            compute = self._clients.compute(disk.subscription_id)
            # Not the SDK's poller: its thread goes on after a timeout, and it asks two addresses where one will do.
            compute.disks.begin_grant_access(
                disk.resource_group,
                disk.name,
                {"access": "Read", "durationInSeconds": seconds},
                polling=False,
                raw_response_hook=answers.append,
            )
            return _sas(_finished(compute, answers[-1].http_response, disk.name), disk.name)

    def revoke(self, disk_id: str) -> None:
        """Ends every access to the disk: one POST, whose operation goes on by itself."""
        from azure.core.exceptions import ResourceNotFoundError

        disk = parsed(disk_id)
        with asking(f"revoke the access to the disk {disk.name}", _ROLE):
            try:
                compute = self._clients.compute(disk.subscription_id)
                compute.disks.begin_revoke_access(disk.resource_group, disk.name, polling=False)
            except ResourceNotFoundError:
                return


def _finished(compute: "ComputeManagementClient", answer: "HttpResponse", disk: str) -> "HttpResponse":
    """The last answer of a grant, polled at its Location in this thread. Raises HttpResponseError where it failed."""
    from azure.core.rest import HttpRequest

    deadline = time.monotonic() + GRANT_DEADLINE
    location = answer.headers.get("Location")
    while answer.status_code == 202 and location and time.monotonic() < deadline:
        answer = compute.send_request(HttpRequest("GET", location))
        answer.raise_for_status()
        if answer.status_code == 202:
            time.sleep(POLL_INTERVAL)
    if answer.status_code == 202:
        raise Unavailable("grant-unfinished", f"Azure did not finish granting access to the disk {disk}.", what=disk)
    return answer


def _sas(answer: "HttpResponse", disk: str) -> SecretStr:
    body = answer.json()
    sas = body.get("accessSAS") if isinstance(body, dict) else None
    if not sas:
        raise Unavailable("grant-without-sas", f"Azure granted access to the disk {disk} but gave no address of it.")
    return SecretStr(sas)
