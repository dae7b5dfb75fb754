"""A durable engine in virtual time: real orchestrators, real steps, a fake cloud, and activities that may run twice.

It keeps no history and replays nothing; what it shows is how the factory behaves when time passes and calls fail.
"""

import heapq
import json
import random
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from durabletask.task import CompletableTask, Task

from shared.domain import gate
from shared.domain.gate import GateState, Start
from shared.workflow.bodies import BODIES, perform
from shared.workflow.deliver_region import deliver_region
from shared.workflow.run_image_factory import run_image_factory
from shared.workflow.save_image import save_image
from tests.fakes.cloud import FakeCloud
from tests.fakes.faults import Crash
from tests.fakes.gateway import FakeGateway

ORCHESTRATORS = {each.__name__: each for each in (run_image_factory, save_image, deliver_region)}
TRIES = 3  # of an activity that raises, as policies.SURPRISES has it
LONGEST_RUN = timedelta(days=30)


@dataclass
class Instance:
    """One orchestration: its generator, the task that it waits for, and what it has shown of itself."""

    id: str
    name: str
    payload: dict[str, Any]
    generator: Generator[Task[Any], Any, Any] | None = None
    waits_for: Task[Any] | None = None
    parent: CompletableTask[Any] | None = None
    status: str = "Running"
    custom_status: Any = None
    output: Any = None
    next_input: Any = None
    scheduled: int = 0  # tasks of this generation


class Context:
    """What an orchestrator sees of the engine."""

    def __init__(self, engine: "Engine", instance: Instance) -> None:
        self._engine = engine
        self._instance = instance

    @property
    def instance_id(self) -> str:
        return self._instance.id

    @property
    def current_utc_datetime(self) -> datetime:
        return self._engine.cloud.now.replace(tzinfo=None)

    def call_activity(self, name: str, *, input: Any, retry_policy: Any) -> CompletableTask[Any]:  # noqa: A002
        task: CompletableTask[Any] = CompletableTask()
        self._instance.scheduled += 1
        self._engine.activities.append(Call(name, json.dumps(input), task, self._instance))
        return task

    def create_timer(self, delay: timedelta) -> CompletableTask[None]:
        task: CompletableTask[None] = CompletableTask()
        self._instance.scheduled += 1
        self._engine.wake(delay, task)
        return task

    def call_sub_orchestrator(self, name: str, *, input: Any, instance_id: str) -> CompletableTask[Any]:  # noqa: A002
        task: CompletableTask[Any] = CompletableTask()
        self._engine.start(name, instance_id, input, task)
        return task

    def set_custom_status(self, status: Any) -> None:
        self._instance.custom_status = json.loads(json.dumps(status))

    def continue_as_new(self, payload: Any) -> None:
        self._instance.next_input = json.loads(json.dumps(payload))

    def signal_entity(self, entity: Any, operation: str, input: Any = None) -> None:  # noqa: A002
        self._engine.signal(operation, input)


@dataclass
class Call:
    """An activity that waits to be carried out, or to be carried out again."""

    name: str
    payload: str
    task: CompletableTask[Any]
    instance: Instance
    failures: int = 0


@dataclass
class Engine:
    """Runs orchestrations to their end in virtual time; `seed` decides the order of what happens at once."""

    cloud: FakeCloud
    seed: int = 0
    instances: dict[str, Instance] = field(default_factory=dict)
    activities: list[Call] = field(default_factory=list)
    state: GateState = field(default_factory=GateState)
    carried: list[str] = field(default_factory=list)  # every payload and result, as history would keep them
    longest_generation: int = 0
    most_running: int = 0

    def __post_init__(self) -> None:
        self.gateway = FakeGateway(self.cloud)
        self._random = random.Random(self.seed)
        self._timers: list[tuple[datetime, int, CompletableTask[None]]] = []
        self._count = 0
        self._signals: list[tuple[str, Any]] = []

    def signal(self, operation: str, value: Any) -> None:
        """One operation of the run gate, carried out when the turn that sends it is over."""
        self._signals.append((operation, value))

    def _operate(self, operation: str, value: Any) -> None:
        now = self.cloud.now.isoformat()
        starts: list[Start] = []
        if operation == "request":
            self.state, starts = gate.request(self.state, value, now)
        elif operation == "ended":
            self.state, starts = gate.ended(self.state, value, now)
        else:
            self.state = gate.cancel(self.state, value)
        for run in starts:
            self.start("run_image_factory", run.id, {"id": run.id, "covers": list(run.covers)}, None)

    def start(self, name: str, instance_id: str, payload: Any, parent: CompletableTask[Any] | None) -> None:
        """Starts an orchestration; its first turn comes at once."""
        instance = Instance(instance_id, name, json.loads(json.dumps(payload)), parent=parent)
        self.instances[instance_id] = instance
        self._begin(instance)

    def wake(self, delay: timedelta, task: CompletableTask[None]) -> None:
        """Completes a task when this much virtual time has passed."""
        self._count += 1
        heapq.heappush(self._timers, (self.cloud.now + delay, self._count, task))

    def terminate(self, run_id: str) -> None:
        """Kills a root without telling it or its children: the children go on, as in every engine."""
        self.instances[run_id].status = "Terminated"

    def terminate_child(self, instance_id: str) -> None:
        """Kills a child; its parent learns it as a failure."""
        child = self.instances[instance_id]
        child.status = "Terminated"
        assert child.parent is not None
        child.parent.fail("terminated", RuntimeError("terminated"))
        self._resume_all()

    def run(self, until: datetime | None = None) -> None:
        """Carries out what is to be done, until nothing is left or virtual time would pass `until`."""
        latest = until or self.cloud.now + LONGEST_RUN
        while self._signals or self.activities or self._timers:
            if self._signals:
                self._operate(*self._signals.pop(0))
            elif self.activities:
                self._perform(self.activities.pop(self._random.randrange(len(self.activities))))
            elif not self._advance(latest):
                return

    def _advance(self, latest: datetime) -> bool:
        due, _, task = self._timers[0]
        if due > latest:
            return False
        heapq.heappop(self._timers)
        self.cloud.advance(max(0.0, (due - self.cloud.now).total_seconds()))
        task.complete(None)
        self._resume_all()
        return True

    def _perform(self, call: Call) -> None:
        if call.instance.status == "Terminated":
            return
        self.carried.append(call.payload)
        try:
            result = perform(BODIES[call.name], lambda: self.gateway, json.loads(call.payload))
            call.task.complete(self._through_history(result))
        except Crash:
            self.activities.append(call)  # the worker died: the engine gives the activity to another one
            return
        except Exception as error:
            call.failures += 1
            if call.failures < TRIES:
                self.activities.append(call)
                return
            self.carried.append(str(error))
            call.task.fail(str(error), error)
        self._resume_all()

    def _through_history(self, value: Any) -> Any:
        text = json.dumps(value)
        self.carried.append(text)
        return json.loads(text)

    def _begin(self, instance: Instance) -> None:
        self.carried.append(json.dumps(instance.payload))
        instance.scheduled = 0
        instance.next_input = None
        made = ORCHESTRATORS[instance.name](Context(self, instance), instance.payload)  # type: ignore[arg-type]
        instance.generator = made
        self._turn(instance, None)

    def _resume_all(self) -> None:
        moved = True
        while moved:
            moved = False
            for instance in list(self.instances.values()):
                waits = instance.waits_for
                if instance.status == "Running" and waits is not None and waits.is_complete:
                    moved = True
                    self._turn(instance, waits)

    def _turn(self, instance: Instance, done: Task[Any] | None) -> None:
        assert instance.generator is not None
        roots = [each for each in self.instances.values() if each.name == "run_image_factory"]
        self.most_running = max(self.most_running, sum(each.status == "Running" for each in roots))
        try:
            if done is not None and done.is_failed:
                instance.waits_for = instance.generator.throw(done.get_exception())
            else:
                instance.waits_for = instance.generator.send(done.get_result() if done is not None else None)
        except StopIteration as stop:
            self._ended(instance, stop.value)
        except Exception as error:
            instance.status, instance.waits_for = "Failed", None
            self.carried.append(str(error))
            if instance.parent is not None:
                instance.parent.fail(str(error), error)

    def _ended(self, instance: Instance, output: Any) -> None:
        instance.waits_for = None
        self.longest_generation = max(self.longest_generation, instance.scheduled)
        if instance.next_input is not None:
            instance.payload = instance.next_input
            self._begin(instance)
            return
        instance.status, instance.output = "Completed", output
        if instance.parent is not None:
            instance.parent.complete(output)
