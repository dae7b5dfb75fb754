"""A gateway for looking only: it reads Azure, and keeps in memory whatever a run would write about itself."""

from collections.abc import Mapping, Sequence

from shared.gateway.port import Clock, Disks, Gateway, Labs, LabsBlob, Notices, Traces, Vhds


class MemoryDocuments:
    """`port.Documents` without a storage account; `content` stands for the stored labs.json."""

    def __init__(self, content: bytes) -> None:
        self._labs = LabsBlob("labs.json", content, '"memory"')
        self._documents: dict[str, bytes] = {}

    def labs_file(self) -> LabsBlob | None:
        """The labs.json that was given."""
        return self._labs

    def read(self, name: str) -> bytes | None:
        """A document, or None."""
        return self._documents.get(name)

    def write(self, name: str, content: bytes, content_type: str = "application/json") -> None:
        """Keeps a document."""
        self._documents[name] = content

    def create(self, name: str, content: bytes) -> bool:
        """Keeps a document only if it is not there yet."""
        return self._documents.setdefault(name, content) == content

    def delete(self, name: str) -> None:
        """Forgets a document."""
        self._documents.pop(name, None)

    def names(self, prefix: str) -> list[str]:
        """The names that begin so, sorted."""
        return sorted(name for name in self._documents if name.startswith(prefix))

    def run_ids(self) -> list[str]:
        """The ids of the runs that have a folder."""
        return sorted({name.split("/")[1] for name in self._documents if name.startswith("runs/")})

    def read_all(self, names: Sequence[str]) -> Mapping[str, bytes]:
        """Those of the documents that are there."""
        return {name: self._documents[name] for name in names if name in self._documents}


class LookingGateway:
    """`port.Gateway` over another one whose app storage is neither read nor written."""

    def __init__(self, azure: Gateway, labs_file: bytes) -> None:
        self.labs: Labs = azure.labs
        self.disks: Disks = azure.disks
        self.vhds: Vhds = azure.vhds
        self.notices: Notices = azure.notices
        self.clock: Clock = azure.clock
        self.traces: Traces = azure.traces
        self.documents = MemoryDocuments(labs_file)
