"""The numbers of the workflow, each with its reason, and the waits made of them. Pure: orchestrators replay them."""

from datetime import timedelta

from durabletask.task import RetryPolicy

SOONEST_CHECK = 2.0  # seconds: a copy that ends at once is noticed soon
LATEST_CHECK = 60.0  # seconds: a copy whose rate is not known yet is looked at once a minute
IMAGE_CHECK = 30.0  # seconds: DevTest Labs takes half a minute at the least, and each look is a call per lab
SHORTEST_WAIT = 0.05  # real seconds: an emulated world must not turn waiting into spinning
STARTS_PER_PASS = 100  # copies or images begun before the next look: keeps one pass well under 1,000 events
TASKS_PER_GENERATION = 150  # then the orchestration continues as new, with a short history
CHECKS_PER_GENERATION = 100  # of one save: as above
PATIENCE = 20  # times a call is put off without any progress before it counts as failed

# Surprises only: expected failures are results. Three tries, because every activity may run twice anyway.
SURPRISES = RetryPolicy(first_retry_interval=timedelta(seconds=1), max_number_of_attempts=3, backoff_coefficient=4)


def copy_wait(remaining: float | None, scale: float) -> timedelta:
    """Real time until a copy is looked at again: its predicted end, between 2 and 60 seconds of the world."""
    predicted = LATEST_CHECK if remaining is None else remaining * scale
    return real(min(LATEST_CHECK, max(SOONEST_CHECK, predicted)), scale)


def real(seconds: float, scale: float) -> timedelta:
    """Seconds of the world as real time."""
    return timedelta(seconds=max(SHORTEST_WAIT, seconds / scale))
