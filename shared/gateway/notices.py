"""Messages to the reports queue. It knows nothing of what they say."""

from shared.domain.errors import Refused
from shared.gateway.clients import REPORTS_QUEUE, AzureClients
from shared.gateway.faults import asking

LONGEST_MESSAGE = 48 * 1024  # bytes; base64 makes 64 KiB of them, the service's limit
_ROLE = "Storage Queue Data Contributor on the app storage (FactoryStorage)"


class AzureNotices:
    """`port.Notices` over the queue SDK."""

    def __init__(self, clients: AzureClients) -> None:
        self._clients = clients

    def send(self, text: str) -> None:
        """Puts one message on the queue, making the queue if it is missing. Refused above 48 KiB of UTF-8."""
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        if len(text.encode()) > LONGEST_MESSAGE:
            raise Refused("message-too-long", f"A message may have {LONGEST_MESSAGE} bytes.", what=REPORTS_QUEUE)
        with asking(f"send a message to the queue {REPORTS_QUEUE}", _ROLE):
            queue = self._clients.reports_queue()
            try:
                queue.send_message(text)
            except ResourceNotFoundError:
                try:
                    queue.create_queue()
                except ResourceExistsError as taken:
                    # The SDK raises it for a queue that somebody else made meanwhile, too.
                    if getattr(taken, "error_code", None) == "QueueBeingDeleted":
                        raise
                queue.send_message(text)
