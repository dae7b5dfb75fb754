"""The command `run`: starts a run of an app that is running already, here or in Azure, and follows it."""

import json

from factory.api import Api
from factory.console import make_console
from factory.errors import CommandError
from factory.following import follow
from factory.progress import display
from factory.tables import print_report

# As often as the app itself suggests in Retry-After.
POLL_SECONDS = 5.0


def run(url: str | None, key: str | None, *, every: float = POLL_SECONDS) -> int:
    """Start a run of the stored labs.json; 0 when it Succeeded. Interrupted, the run goes on without being watched."""
    if not url:
        raise CommandError("Where is the app? Pass --url or set IMAGE_FACTORY_URL.")
    if not key:
        raise CommandError("The app wants a function key. Pass --key or set IMAGE_FACTORY_KEY.")
    api = Api(url, key)
    console = make_console()
    with display(console) as shown:
        run_id = api.start({})
        shown.say(f"Run {run_id} was requested. Ctrl-C stops watching; the run goes on.")
        final = follow(api, run_id, show=shown.show, every=every)
    print_report(console, json.loads(api.report(final["id"], "json")))
    return 0 if final["status"] == "Succeeded" else 1
