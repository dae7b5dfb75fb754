"""The command `check-access`: what the signed-in identity lacks in each place, and the command that gives the app it.

It reads the settings of the deployed app from the environment and asks Azure with the caller's own login.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from factory.console import print_json
from factory.errors import CommandError
from factory.files import content
from factory.giving_access import document, parameters, report
from factory.places import line
from shared import settings, wiring
from shared.domain import labs_file
from shared.domain.errors import Denied, SettingError
from shared.domain.setting_rules import Settings
from shared.steps import access
from shared.steps.access import Place

NO_PRINCIPAL = "<object id of the app's identity>"


def check_access(
    labs: Path,
    access_file: Path | None = None,
    *,
    as_json: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> int:
    """Print what the caller lacks and the commands that give the app its rights; 0 when nothing. Raises CommandError.

    With `access_file`, also writes the parameters of infra/access.bicep for all these labs at once.
    """
    parsed = labs_file.parse(content(labs))
    if parsed.blocked:
        raise CommandError("\n".join(["the file cannot be used.", *(line(labs, each) for each in parsed.findings)]))
    try:
        named = settings.read(environment)
        places = access.check(wiring.connect(named), _factory(named), parsed.labs, named.limits())
    except SettingError as error:
        raise CommandError(
            f"{error.message} docs/deployment.md says how to get the settings of a deployed app."
        ) from None
    except Denied as denied:
        raise CommandError(denied.message) from None
    principal = environment.get("IDENTITY_PRINCIPAL_ID") or NO_PRINCIPAL
    if as_json:
        print_json(document(places, principal))
    else:
        print("\n".join(report(places, principal)))
    if access_file is not None:
        access_file.write_text(parameters(places, principal), encoding="utf-8", newline="\n")
        print(f"{access_file}: the parameters of infra/access.bicep for what could be seen.", file=sys.stderr)
    return 1 if any(place.missing or place.untried for place in places) else 0


def _factory(named: Settings) -> Place:
    return Place("factory", named.factory_lab_name, str(named.factory_subscription_id), named.factory_resource_group)
