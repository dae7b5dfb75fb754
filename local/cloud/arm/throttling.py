"""Resource Manager's own limits: a bucket of tokens per subscription, principal and kind of call. It never waits."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from local.cloud.arm import errors

Kind = Literal["read", "write", "delete"]
_KINDS: dict[str, Kind] = {"GET": "read", "HEAD": "read", "DELETE": "delete"}


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid", frozen=True, strict=True)


class Limit(_Part):
    """A bucket: how many tokens it holds, and how many flow in each second of the world."""

    capacity: int = Field(ge=1)
    per_second: float = Field(gt=0)


class Throttling(_Part):
    """The limits of each kind of call; those of the public cloud unless the world says otherwise."""

    reads: Limit = Limit.model_construct(capacity=250, per_second=25)
    writes: Limit = Limit.model_construct(capacity=200, per_second=10)
    deletes: Limit = Limit.model_construct(capacity=200, per_second=10)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    counted: float


class Throttle:
    """The buckets of one emulator; without limits nothing is counted. `time_scale` is that of the world's speeds."""

    def __init__(
        self, limits: Throttling | None, time_scale: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limits = limits
        self._time_scale = time_scale
        self._clock = clock
        self._buckets: dict[tuple[str, str, Kind], _Bucket] = {}

    def count(self, subscription: str, principal: str, method: str) -> dict[str, str]:
        """Take a token for a call; returns the header that tells how many are left, raises Refused where none is.

        `Retry-After` is in whole seconds of this machine, as every client takes it.
        """
        if self._limits is None:
            return {}
        kind = _KINDS.get(method, "write")
        limit = {"read": self._limits.reads, "write": self._limits.writes, "delete": self._limits.deletes}[kind]
        rate, now = limit.per_second * self._time_scale, self._clock()
        fresh = _Bucket(limit.capacity, now)
        bucket = self._buckets.setdefault((subscription.lower(), principal, kind), fresh)
        bucket.tokens = min(limit.capacity, bucket.tokens + (now - bucket.counted) * rate)
        bucket.counted = now
        if bucket.tokens < 1:
            raise _throttled(subscription, principal, kind, max(1, math.ceil((1 - bucket.tokens) / rate)))
        bucket.tokens -= 1
        # A call that names no subscription counts against the tenant.
        whose = "subscription" if subscription else "tenant"
        return {f"x-ms-ratelimit-remaining-{whose}-{kind}s": str(int(bucket.tokens))}


def _throttled(subscription: str, principal: str, kind: Kind, seconds: int) -> errors.Refused:
    message = (
        f"Number of '{kind}' requests for subscription '{subscription}' actor '{principal}' exceeded. "
        f"Please try again after '{seconds}' seconds after additional tokens are available. "
        "Refer to https://aka.ms/arm-throttling for additional information."
    )
    headers = {"Retry-After": str(seconds), "x-ms-failure-cause": "gateway"}
    return errors.Refused(429, "SubscriptionRequestsThrottled", message, headers=headers)
