"""The errors of the command line. Each is one message for people, and exit status 2."""


class CommandError(Exception):
    """A command cannot be carried out; the message says what to do."""


class ApiError(CommandError):
    """The app did not do what was asked. `status` is the HTTP status, or 0 where there was no answer at all."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status

    @property
    def passing(self) -> bool:
        """Whether asking again later may help: no answer, too many requests, or a fault of the server."""
        return self.status in (0, 429) or self.status >= 500
