"""The runbook knows every reason that a report can give, and says of it what the report says."""

from shared.web.explanations import EXPLANATIONS
from tests.architecture.source import ROOT


def test_the_runbook_has_a_line_for_each_reason() -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8").splitlines()
    for code, explanation in EXPLANATIONS.items():
        assert f"| `{code}` | {explanation.meaning} | {explanation.remedy or 'nothing'} |" in runbook
