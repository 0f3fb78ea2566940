"""How much working time lies between two instants.

A working day of the calendar (weekends, holidays and make-up days observed) counts whole, from 00:00 to 24:00 in
Shanghai: the house keeps no hours of opening, so 0.5 is twelve hours of a working day, and a night is half of one.
"""

from __future__ import annotations

import datetime as dt

from ledger import clock
from ledger.workdays import ONE_DAY, SEEDED, Calendar

DAY = 86_400.0
MOST_DAYS = 5000


class WorkTime:
    """Counts quickly over many spans: the working days since `first` are added up once, as far as needed.

    Shanghai is eight hours ahead of UTC all year (ledger/clock.py), so a day is found by division.
    """

    def __init__(self, calendar: Calendar, first: dt.date = dt.date(SEEDED.start, 1, 1)) -> None:
        self._calendar, self._first = calendar, first
        self._origin = clock.start_of_day(first).timestamp()
        self._sums = [0]

    def _before(self, place: int) -> int:
        """Working days in the `place` days from `first` on; before it, negative."""
        if place < 0:
            return -sum(self._calendar.is_workday(self._first - ONE_DAY * n) for n in range(1, 1 - place))
        while len(self._sums) <= place:
            day = self._first + ONE_DAY * (len(self._sums) - 1)
            self._sums.append(self._sums[-1] + self._calendar.is_workday(day))
        return self._sums[place]

    def _until(self, instant: dt.datetime) -> float:
        place, seconds = divmod(instant.timestamp() - self._origin, DAY)
        whole = self._before(int(place))
        return whole + (self._before(int(place) + 1) - whole) * seconds / DAY

    def between(self, start: dt.datetime, end: dt.datetime) -> float:
        """Working days from one instant to a later one, to four digits; 0 when it is not later."""
        return round(self.exactly(start, end), 4)

    def exactly(self, start: dt.datetime, end: dt.datetime) -> float:
        """The same, unrounded: `after` leads back to the end of a span that ended in working time."""
        return max(0.0, self._until(end) - self._until(start))

    def after(self, start: dt.datetime, days: float) -> dt.datetime:
        """The first instant by which so many working days have passed since `start`; at most 5,000."""
        if days <= 0:
            return start
        if days > MOST_DAYS:
            raise ValueError(f"more than {MOST_DAYS} working days")
        wanted = self._until(start) + days
        place = int((start.timestamp() - self._origin) // DAY)
        while self._before(place + 1) < wanted:
            place += 1
        seconds = (place + wanted - self._before(place)) * DAY
        return dt.datetime.fromtimestamp(round(self._origin + seconds, 6), dt.UTC)


def median(values: list[float]) -> float:
    """The middle of sorted values; of an even number, the mean of the two in the middle."""
    middle, odd = divmod(len(values), 2)
    return values[middle] if odd else round((values[middle - 1] + values[middle]) / 2, 4)


def percentile(values: list[float], percent: int) -> float:
    """The smallest of sorted values that is not exceeded by `percent` of them (nearest rank)."""
    rank = -(-len(values) * percent // 100)
    return values[max(rank, 1) - 1]


__all__ = ["WorkTime", "median", "percentile"]
