"""Dates and times as tools: the time now, days between, a date some days on."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from langchain_core.tools import BaseTool, ToolException

from .registry import tool

_MOST = 1_000_000  # days, months or years; a date beyond the year 9999 does not exist


def current_time(zone: str = "", *, now: Callable[[], datetime] | None = None) -> str:
    """The time now in a zone such as Asia/Shanghai, that of this machine without one.

    >>> current_time("Asia/Shanghai", now=lambda: datetime(2026, 3, 1, 4, 30, tzinfo=UTC))
    '2026-03-01 12:30:00 CST (+0800), Sunday'

    Raises:
        ValueError: there is no such zone.
    """
    told = (now or (lambda: datetime.now(tz=UTC)))()
    try:
        local = told.astimezone(ZoneInfo(zone) if zone.strip() else None)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {zone!r}; such as Asia/Shanghai or UTC") from None
    return local.strftime("%Y-%m-%d %H:%M:%S %Z (%z), ") + _WEEKDAYS[local.weekday()]


def days_between(start: date, end: date) -> int:
    """How many days lie between two dates, fewer than none where the second is earlier.

    >>> days_between(date(2024, 2, 28), date(2024, 3, 1))
    2
    """
    return (end - start).days


def add_to_date(start: date, *, days: int = 0, months: int = 0, years: int = 0) -> date:
    """A date some days, months and years on; a month that is shorter ends it.

    >>> add_to_date(date(2024, 1, 31), months=1).isoformat()
    '2024-02-29'

    Raises:
        ValueError: there is no such date.
    """
    if max(abs(days), abs(months), abs(years)) > 10 * _MOST:
        raise ValueError("that is too far away")
    count = start.year * 12 + start.month - 1 + 12 * years + months
    year, month = divmod(count, 12)
    try:
        last = monthrange(year, month + 1)[1]
        return date(year, month + 1, min(start.day, last)) + timedelta(days=days)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"there is no such date: {error}") from None


# strftime would write them in the language of the machine.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def clock_tools(*, now: Callable[[], datetime] | None = None) -> list[BaseTool]:
    """The tools `get_current_time`, `count_days_between` and `shift_date`.

    Args:
        now: The clock; that of the machine if None.
    """

    @tool(read_only=True, timeout=10)
    def get_current_time(time_zone: str = "") -> str:
        """现在的日期和时间。The date and time now.

        Args:
            time_zone: Such as Asia/Shanghai; without one that of this machine.
        """
        try:
            return current_time(time_zone, now=now)
        except ValueError as error:
            raise ToolException(str(error)) from error

    @tool(read_only=True, idempotent=True, timeout=10)
    def count_days_between(start_date: date, end_date: date) -> str:
        """计算两个日期之间的天数。Count the days between two dates.

        Args:
            start_date: The first date, YYYY-MM-DD.
            end_date: The second date, YYYY-MM-DD.
        """
        return str(days_between(start_date, end_date))

    @tool(read_only=True, idempotent=True, timeout=10)
    def shift_date(start_date: date, days: int = 0, months: int = 0, years: int = 0) -> str:
        """某日期若干天、月、年之后的日期。The date some days, months or years after a date.

        Args:
            start_date: The date, YYYY-MM-DD.
            days: Days to add; negative ones go back.
            months: Months to add.
            years: Years to add.
        """
        try:
            found = add_to_date(start_date, days=days, months=months, years=years)
        except ValueError as error:
            raise ToolException(str(error)) from error
        return f"{found.isoformat()}, {_WEEKDAYS[found.weekday()]}"

    return [get_current_time, count_days_between, shift_date]
