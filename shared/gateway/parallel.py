"""Many calls side by side. It knows nothing of what is called."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

WORKERS = 16  # calls are waits for the network; more would only meet the service's own limits sooner


def side_by_side[Item, Result](call: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`call` of each item, in the order of the items.

    Raises the first error, in that order, once every call that had begun has ended; the others are not made.
    """
    if len(items) < 2:
        return [call(item) for item in items]
    with ThreadPoolExecutor(min(WORKERS, len(items)), thread_name_prefix="gateway") as pool:
        return list(pool.map(call, items))
