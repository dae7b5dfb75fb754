"""NCRONTAB schedules of timer triggers: five or six fields, seconds first, in UTC. No clock is read here."""

from datetime import datetime

from croniter import CroniterError, croniter

from local.host.errors import AppError


class Schedule:
    """When a timer is due."""

    def __init__(self, expression: str, function: str) -> None:
        """Read the expression; `AppError` names the function and the expression that is wrong."""
        self._expression = expression
        # NCRONTAB wants both the day of the month and the day of the week to match; Unix cron wants either.
        valid = len(expression.split()) in (5, 6) and croniter.is_valid(expression, second_at_beginning=True)
        if not valid:
            raise AppError(
                f"Function {function}: '{expression}' is no schedule of five or six fields, such as '0 0 3 * * *'"
            )

    def next_after(self, time: datetime) -> datetime:
        """Give the first due time after an aware time."""
        try:
            due = croniter(self._expression, time, second_at_beginning=True, day_or=False)
            return due.get_next(datetime)
        except CroniterError as error:
            raise AppError(f"The schedule '{self._expression}' is never due: {error}") from error
