"""What the emulated Azure was asked and how many bytes its copies moved; tests and benchmarks read it.

It keeps paths only: a query string may hold a signature and must not enter it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

Service = Literal["arm", "blob", "queue", "identity"]
CopyEnd = Literal["success", "failed", "aborted"]


class Ledger:
    """Counts requests and copied bytes of one emulator; made for one event loop, not for threads."""

    def __init__(self) -> None:
        self._requests: list[dict[str, Any]] = []
        self._totals: Counter[tuple[Service, str, str, int]] = Counter()
        self._copies: list[dict[str, Any]] = []

    def request(
        self,
        service: Service,
        method: str,
        path: str,
        status: int,
        *,
        operation: str | None = None,
        injected: str | None = None,
    ) -> None:
        """Note one request and its answer.

        `status` is 0 where no answer was sent, `operation` the service's name of the call,
        `injected` the kind of the fault that was applied.
        """
        kind = operation or "other"
        self._requests.append(
            {
                "number": len(self._requests) + 1,
                "service": service,
                "method": method,
                "path": path.partition("?")[0],
                "status": status,
                "operation": kind,
                "injected": injected,
            }
        )
        self._totals[service, method, kind, status] += 1

    def copied(self, source_region: str, destination_region: str, count: int, *, ended: CopyEnd, image: str) -> None:
        """Note one ended copy: `count` is the logical length read (zeroes included), `image` the source's path."""
        self._copies.append(
            {
                "from": source_region,
                "to": destination_region,
                "bytes": count,
                "ended": ended,
                "image": image.partition("?")[0],
            }
        )

    def snapshot(self) -> dict[str, Any]:
        """Return all of it as JSON-native values; later requests do not change what was returned."""
        return {
            "requests": [dict(entry) for entry in self._requests],
            "totals": [
                {"service": service, "method": method, "operation": operation, "status": status, "count": count}
                for (service, method, operation, status), count in sorted(self._totals.items())
            ],
            "copies": [dict(entry) for entry in self._copies],
            "bytes": {
                "withinRegions": self._bytes_per_pair(crossing=False, success=True),
                "betweenRegions": self._bytes_per_pair(crossing=True, success=True),
                "failedWithinRegions": self._bytes_per_pair(crossing=False, success=False),
                "failedBetweenRegions": self._bytes_per_pair(crossing=True, success=False),
            },
        }

    def _bytes_per_pair(self, *, crossing: bool, success: bool) -> list[dict[str, Any]]:
        """Sum the copies by region pair and image; aborted and failed ones are counted together."""
        chosen = [
            entry
            for entry in self._copies
            if (entry["from"] != entry["to"]) == crossing and (entry["ended"] == "success") == success
        ]
        count: Counter[tuple[str, str, str]] = Counter((entry["from"], entry["to"], entry["image"]) for entry in chosen)
        moved: Counter[tuple[str, str, str]] = Counter()
        for entry in chosen:
            moved[entry["from"], entry["to"], entry["image"]] += entry["bytes"]
        return [
            {
                "from": source,
                "to": destination,
                "image": image,
                "copies": copies,
                "bytes": moved[source, destination, image],
            }
            for (source, destination, image), copies in sorted(count.items())
        ]
