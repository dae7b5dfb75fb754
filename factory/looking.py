"""Looks at an Azure, emulated or real, and plans a run over it without doing any of it. It only reads.

In the real Azure it reads as the caller who is logged in; which factory it is, the app's own settings say.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory import files
from factory.errors import CommandError
from factory.memory import LookingGateway
from shared import settings, wiring
from shared.domain import run_ids, saving
from shared.domain.errors import FactoryError, GatewayError, SettingError, Throttled
from shared.domain.fleet import Fleet
from shared.domain.models import Catalogue, LabsFile, Limits, Plan, Run, RunRequest
from shared.gateway.port import Gateway
from shared.steps import folder, loading, planning, surveying

# Documents are kept in memory: nothing ever asks this address.
NOWHERE = "https://storage.invalid"
STORAGE = "FactoryStorage__blobServiceUri"
PATIENCE = 5  # times that a pause which Azure asks for is waited out


@dataclass(frozen=True)
class Outlook:
    """What a run would find and plan. `catalogue` is as it would be after the plan's saves."""

    labs: LabsFile
    plan: Plan
    catalogue: Catalogue
    fleet: Fleet
    limits: Limits


@dataclass(frozen=True)
class Source:
    """An Azure to look at, with the settings of its factory."""

    azure: Gateway
    limits: Limits
    stored: bool  # whether the app storage is known

    def look(self, labs: Path | None) -> Outlook:
        """Plan a run with this labs.json, or with the stored one. Raises CommandError."""
        content = files.content(labs) if labs else self._stored_labs()
        gateway = LookingGateway(self.azure, content)
        now = gateway.clock.now()
        run_id = run_ids.minted(now, secrets.token_hex(3))
        run = Run(request=RunRequest(id=run_id, trigger="http", requested_at=now, dry_run=True), started_at=now)
        folder.store(gateway, run_id, folder.REQUEST, run.request)
        try:
            return self._planned(gateway, run)
        except GatewayError as error:
            raise CommandError(f"{error.message} (as the caller who is logged in; nothing was changed)") from None

    def _planned(self, gateway: Gateway, run: Run) -> Outlook:
        """The steps of a dry run, in the order of a run."""
        loading.load_labs(gateway, run)
        _patiently(lambda: surveying.survey_factory(gateway, run))
        _patiently(lambda: surveying.plan_saves(gateway, run))
        _patiently(lambda: planning.plan_deliveries(gateway, run, self.limits, ()))
        plan = folder.plan_of(gateway, run.id)
        fleet = folder.load(gateway, run.id, folder.FLEET, Fleet)
        if plan is None or fleet is None:
            raise LookupError("a plan that was just made is not there")
        catalogue = saving.would_be(gateway.vhds.catalogue(), plan.saves, run)
        return Outlook(loading.frozen_labs(gateway, run.id), plan, catalogue, fleet, self.limits)

    def _stored_labs(self) -> bytes:
        if not self.stored:
            raise CommandError(f"Which labs.json? Pass --labs FILE, or set {STORAGE} to read the stored one.")
        try:
            found = self.azure.documents.labs_file()
        except GatewayError as error:
            raise CommandError(f"The stored labs.json cannot be read: {error.message} Or pass --labs FILE.") from None
        if found is None:
            raise CommandError("There is no labs.json in the container image-factory of the app storage. Upload one.")
        return found.content


@contextmanager
def real_azure() -> Iterator[Source]:
    """The Azure of the environment's settings, seen with the caller's own login. Raises CommandError."""
    with _messages():
        yield _source(os.environ)


@contextmanager
def entered(environment: Mapping[str, str]) -> Iterator[Source]:
    """The Azure of another environment, which is this process's own for as long as that is looked at."""
    before = dict(os.environ)
    _replace_environment(environment)
    try:
        with _messages():
            yield _source(environment)
    finally:
        _replace_environment(before)


def _source(environment: Mapping[str, str]) -> Source:
    unused = {STORAGE: NOWHERE, "FactoryStorage__queueServiceUri": NOWHERE}
    read = settings.read({**unused, **environment})
    return Source(wiring.connect(read), read.limits(), stored=bool(environment.get(STORAGE)))


@contextmanager
def _messages() -> Iterator[None]:
    try:
        yield
    except SettingError as error:
        raise CommandError(f"{error.message} Or pass --world FILE to look at an emulated Azure.") from None
    except FactoryError as error:
        raise CommandError(error.message) from None


def _replace_environment(environment: Mapping[str, str]) -> None:
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)


def _patiently(step: Callable[[], Any]) -> None:
    """Repeats a step that Azure asks to put off; what it learned before is kept."""
    for _ in range(PATIENCE):
        try:
            step()
            return
        except Throttled as pause:
            time.sleep(pause.retry_after)
    step()
