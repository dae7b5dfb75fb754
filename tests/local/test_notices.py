"""The example of docs/notices.md, run as it stands against the emulated queue."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.environment import ROOT
from shared.domain import notice
from shared.gateway.azure import AzureGateway
from tests.emulation import emulated, enter
from tests.unit.domain.test_notice import a_delivery, a_report

pytestmark = pytest.mark.emulator


def test_the_documented_consumer_reads_a_notice_and_removes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (program,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "notices.md").read_text(encoding="utf-8"), re.DOTALL
    )
    with emulated(ROOT / "local" / "worlds" / "demo.json", tmp_path) as azure:
        enter(azure, monkeypatch)
        AzureGateway(azure.addresses).notices.send(notice.of(a_report(a_delivery("TeamBlue"))))
        first, second = (
            subprocess.run(
                [sys.executable, "-c", program], env=azure.environment, capture_output=True, text=True, check=True
            ).stdout
            for _ in range(2)
        )
    assert first.splitlines() == [
        'Run 20261123T030000Z-abcdef: Failed, {"failed": 1}',
        "  TeamBlue, Win/Server.json: gen2",
    ]
    assert second == ""
