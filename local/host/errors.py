"""The host's own errors; each message names the place and says what to do about it."""


class HostError(Exception):
    """Something that stops the host or an invocation, told in words for the person who runs it."""


class AppError(HostError):
    """The function app cannot be loaded or uses something that this host does not offer."""


class SettingError(HostError):
    """A setting or `host.json` entry is missing or malformed."""


class InvocationError(HostError):
    """A function did not end with a result or an ordinary exception."""


class FunctionTimeout(InvocationError):
    """A function ran longer than `functionTimeout` of host.json."""
