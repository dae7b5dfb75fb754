"""Many calls of the gateway at once, each with its own end. It knows nothing of what is called."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from shared.domain.errors import GatewayError

WORKERS = 16  # calls are waits for the network; ARM allows 25 reads a second after a burst of 250


def side_by_side[Item, Result](call: Callable[[Item], Result], items: Sequence[Item]) -> list[Result | GatewayError]:
    """`call` of each item, in the order of the items; what Azure refused is in its place as the error."""

    def ended(item: Item) -> Result | GatewayError:
        try:
            return call(item)
        except GatewayError as error:
            return error

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(ended, items))
