"""The commands that run the whole factory on this machine: an emulated Azure, the app in a Functions host, one run."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from factory import files
from factory.api import Api
from factory.console import make_console, print_json
from factory.errors import ApiError, CommandError
from factory.following import follow, uploaded_run
from factory.looking import Source, entered
from factory.progress import Display, display
from factory.tables import print_report
from local.cloud.world import load_world
from local.cloud.world_errors import WorldError
from local.environment import (
    ROOT,
    CloudAddresses,
    HostAddresses,
    host_environment,
    start_cloud,
    start_host,
    upload_labs,
)
from local.processes import ChildError, Children

POLL_SECONDS = 0.5
# The host looks for new blobs every second or so; the first look of a cold one takes longer.
TRIGGER_SECONDS = 60.0
FORMS = ("json", "html", "csv")


@dataclass(frozen=True)
class Machine:
    """A running emulated Azure and the app beside it."""

    children: Children
    host: HostAddresses
    environment: Mapping[str, str]
    api: Api

    def follow(self, run_id: str, shown: Display) -> dict[str, Any]:
        """Show a run until it has ended; returns its last status."""
        with shown:
            return follow(self.api, run_id, show=shown.show, every=POLL_SECONDS, check=self.children.check)


def demo(labs: Path, world: Path, out: Path, *, keep: bool, as_json: bool = False) -> int:
    """Upload a labs.json and show the run that its upload starts; 0 when it Succeeded."""
    _refuse_unusable(labs, out)
    console = make_console(as_json=as_json)
    shown = display(console)
    with _machine(world, shown) as machine:
        report = _uploaded_run(console, shown, machine, labs, out)
        if as_json:
            print_json(report)
        if keep:
            _print_addresses(console, machine)
            _stay(console, machine)
    return 0 if report["status"] == "Succeeded" else 1


def serve(labs: Path, world: Path, out: Path, *, as_json: bool = False) -> int:
    """As `demo`, but whatever becomes of the run, everything stays up until Ctrl-C."""
    _refuse_unusable(labs, out)
    console = make_console(as_json=as_json)
    shown = display(console)
    with _machine(world, shown) as machine:
        _print_addresses(console, machine)
        if as_json:
            print_json({"url": machine.host.url, "functionKey": machine.host.function_key})
        _uploaded_run(console, shown, machine, labs, out)
        _stay(console, machine)
    return 0


def _refuse_unusable(labs: Path, out: Path) -> None:
    """Raises CommandError for what would end the command only when everything has started and run."""
    files.content(labs)
    files.make_folder(out)


@contextmanager
def world_to_look_at(world_file: Path, say: Callable[[str], None]) -> Iterator[Source]:
    """The emulated Azure of a world, without the app. Raises CommandError."""
    with _processes() as children:
        world = load_world(world_file)
        say(f"Starting an emulated Azure: {world_file}")
        cloud = CloudAddresses.from_ready(start_cloud(children, world_file.resolve()))
        with entered(host_environment(world, cloud)) as source:
            yield source


def emulate(world: Path, port: int) -> int:
    """Start only the emulated Azure and print its one line of addresses; it stays up until it is asked to end."""
    with _processes() as children:
        load_world(world)
        print(json.dumps(start_cloud(children, world.resolve(), port=port)), flush=True)
        _wait_for_end(children)
    return 0


@contextmanager
def _processes() -> Iterator[Children]:
    """The child processes of a command. Raises CommandError for what goes wrong with one of them or their world."""
    try:
        with Children(folder=ROOT, logs=ROOT / ".local" / "logs") as children:
            yield children
    except (ChildError, WorldError) as error:
        raise CommandError(str(error)) from None


@contextmanager
def _machine(world_file: Path, shown: Display) -> Iterator[Machine]:
    """Start everything; end everything on the way out. Raises CommandError."""
    with _processes() as children:
        world = load_world(world_file)
        shown.say(f"Starting an emulated Azure: {world_file}")
        cloud = CloudAddresses.from_ready(start_cloud(children, world_file.resolve()))
        environment = host_environment(world, cloud)
        shown.say("Starting the app in a Functions host")
        host = start_host(children, environment)
        try:
            yield Machine(children, host, environment, Api(host.url, host.function_key))
        except ApiError:
            children.check()  # A dead process says more than the silence that follows.
            raise


def _uploaded_run(console: Console, shown: Display, machine: Machine, labs: Path, out: Path) -> dict[str, Any]:
    """Upload, wait for the blob trigger, follow the run, show and keep its report; returns that."""
    shown.say(f"Uploading {labs}; its blob trigger starts the run")
    upload_labs(machine.children, labs.resolve(), machine.environment)
    check = machine.children.check
    run_id = uploaded_run(machine.api, seconds=TRIGGER_SECONDS, every=POLL_SECONDS, check=check)
    shown.say(f"Run {run_id}")
    final = machine.follow(run_id, shown)
    for form in FORMS:
        (out / f"report.{form}").write_bytes(machine.api.report(final["id"], form))
    report: dict[str, Any] = json.loads((out / "report.json").read_bytes())
    print_report(console, report)
    console.print(
        Text(f"The report is {out.resolve() / 'report.html'}, beside it report.json and report.csv"), soft_wrap=True
    )
    return report


def _print_addresses(console: Console, machine: Machine) -> None:
    console.print(Text(f"Dashboard  {machine.host.url}/api/dashboard"), soft_wrap=True)
    console.print(Text(f"API        {machine.host.url}/api/runs"), soft_wrap=True)
    console.print(Text(f"Header     x-functions-key: {machine.host.function_key}"), soft_wrap=True)


def _stay(console: Console, machine: Machine) -> None:
    console.print("Everything stays up until Ctrl-C.")
    _wait_for_end(machine.children)


def _wait_for_end(children: Children) -> None:
    """Wait until the user asks for the end, which here is the usual one. Raises ChildError if a child ends before."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            children.check()
            time.sleep(POLL_SECONDS)
