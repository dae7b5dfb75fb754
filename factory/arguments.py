"""The commands and their arguments, each with examples. What they do is not known here."""

import argparse
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LABS = ROOT / "config" / "labs.json"
WORLD = ROOT / "local" / "worlds" / "demo.json"
OUT = ROOT / ".local" / "demo"
EXIT_STATUS = """\
exit status:
  0    done: the run Succeeded, the plan foresees no failure, the lab gets the image, the file has no errors
  1    not so: the run ended otherwise, the plan foresees a failure, the lab does not get it, the file has errors
  2    the command could not be carried out; the message says why
  130  interrupted; every process that was started has ended"""
RUN_EXAMPLES = """\
examples:
  python -m factory run --url https://my-factory.azurewebsites.net --key KEY
  python -m factory plan --json > plan.json; python -m factory run --plan plan.json"""
EXAMPLES = {
    "demo": "examples:\n  python -m factory demo\n  python -m factory demo --world my-world.json --labs my-labs.json",
    "serve": "examples:\n  python -m factory serve\n  python -m factory serve --json",
    "emulate": "examples:\n  python -m factory emulate --world local/worlds/demo.json --port 8443",
    "plan": (
        "examples:\n  python -m factory plan --labs labs.json\n"
        "  python -m factory plan --world local/worlds/demo.json --json > plan.json"
    ),
    "explain": (
        "examples:\n  python -m factory explain TeamBlue Win2022/Datacenter.json\n"
        "  python -m factory explain TeamRed Linux --world local/worlds/demo.json"
    ),
    "fleet": "examples:\n  python -m factory fleet\n  python -m factory fleet --world local/worlds/demo.json --json",
    "check-access": "examples:\n  python -m factory check-access --labs labs.json --access-file access.parameters.json",
    "run": RUN_EXAMPLES,
    "runs": "examples:\n  python -m factory runs --limit 5\n  python -m factory runs --json",
    "cancel": "examples:\n  python -m factory cancel 20261123T030000Z-1a2b3c",
    "validate": (
        "examples:\n  python -m factory validate labs.json\n  python -m factory validate labs.json --format github\n"
        "  python -m factory validate labs.json --compare-with-original --images GoldenImages"
    ),
}


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    top = argparse.ArgumentParser(
        prog="factory",
        description="Save the machines of a factory lab as images and deliver them to the labs of labs.json.",
        epilog=f"{EXIT_STATUS}\n\nColours: set NO_COLOR to have none. Help on one command: factory COMMAND --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _local_commands(commands)
    _looking_commands(commands)
    _remote_commands(commands)
    validate = _command(commands, "validate", "check a labs.json; needs no Azure")
    validate.add_argument("file", type=Path, metavar="FILE", help="the labs.json")
    validate.add_argument("--format", choices=("text", "github"), default="text", help="text, or GitHub annotations")
    validate.add_argument(
        "--compare-with-original", action="store_true", help="where the PowerShell scripts would decide otherwise"
    )
    validate.add_argument(
        "--images", type=Path, metavar="PATH", help="image paths: a folder of definitions, or a file with one a line"
    )
    validate.add_argument("--world", type=Path, metavar="FILE", help="compare over this emulated Azure instead")
    return top


type Commands = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(commands: Commands, name: str, what: str, *, json: bool = True) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    command = commands.add_parser(
        name, help=what, description=f"{what[0].upper()}{what[1:]}.", epilog=EXAMPLES[name], formatter_class=raw
    )
    if json:
        command.add_argument("--json", action="store_true", help="print one JSON document; all else to standard error")
    return command


def _local_commands(commands: Commands) -> None:
    demo = _command(commands, "demo", "run the whole job on this machine, in an emulated Azure")
    serve = _command(commands, "serve", "run the whole job on this machine, and stay up with the dashboard")
    for command in (demo, serve):
        command.add_argument("--labs", type=Path, default=LABS, metavar="FILE", help="the labs.json to upload")
        command.add_argument("--world", type=Path, default=WORLD, metavar="FILE", help="the Azure to emulate")
        command.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where the report is left")
    demo.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")
    emulate = _command(commands, "emulate", "start only the emulated Azure and print its addresses as JSON", json=False)
    emulate.add_argument("--world", type=Path, required=True, metavar="FILE", help="the Azure to emulate")
    emulate.add_argument("--port", type=int, default=0, metavar="N", help="port of Azure Resource Manager (0: any)")


def _looking_commands(commands: Commands) -> None:
    plan = _command(commands, "plan", "show what a run would do, what that takes, and its digest; do nothing")
    explain = _command(commands, "explain", "say why a lab gets an image, or does not")
    explain.add_argument("lab", metavar="LAB", help="a lab of labs.json, or <subscription id>/<lab>")
    explain.add_argument("image", metavar="IMAGE", help="an image path, a folder, / for all, or an image name")
    fleet = _command(commands, "fleet", "show which version of each image every lab has")
    for command in (plan, explain, fleet):
        command.add_argument(
            "--labs", type=Path, metavar="FILE", help="the labs.json (else the stored one; of a world, the sample)"
        )
        command.add_argument(
            "--world", type=Path, metavar="FILE", help="an Azure to emulate (else the real one, with your login)"
        )
    check = _command(commands, "check-access", "say which rights the signed-in identity lacks, and where")
    check.add_argument("--labs", type=Path, required=True, metavar="FILE", help="the labs that it is to deliver to")
    check.add_argument(
        "--access-file", type=Path, metavar="FILE", help="write the parameters of infra/access.bicep here"
    )


def _remote_commands(commands: Commands) -> None:
    run = _command(commands, "run", "start a run of a running app and follow it")
    digest = run.add_mutually_exclusive_group()
    digest.add_argument("--plan-digest", metavar="DIGEST", help="do the plan of this digest, or nothing")
    digest.add_argument("--plan", type=Path, metavar="FILE", help="do the plan that `plan --json` wrote, or nothing")
    runs = _command(commands, "runs", "list the runs of a running app, newest first")
    runs.add_argument("--limit", type=int, default=20, metavar="N", help="how many, at most 100 (20)")
    cancel = _command(commands, "cancel", "cancel a run of a running app")
    cancel.add_argument("id", metavar="RUN", help="the id of the run, as `runs` shows it")
    for command in (run, runs, cancel):
        command.add_argument(
            "--url", default=os.environ.get("IMAGE_FACTORY_URL"), help="the app's address (IMAGE_FACTORY_URL)"
        )
        command.add_argument(
            "--key", default=os.environ.get("IMAGE_FACTORY_KEY"), help="a function key (IMAGE_FACTORY_KEY)"
        )
