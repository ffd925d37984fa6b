"""Issuing a text to 1,000,000 members on PostgreSQL, against issuing one to 100 in the same run.

What is timed is the verb from the press of the button to its commit: whom it is for is worked out
afterwards by the worker, which is told apart.
"""

from __future__ import annotations

import statistics
from functools import partial

import city

from ground import Result, options, seconds_of, tell

FLOOR = 2.0


def measure(members: int, turns: int) -> list[Result]:
    """Both in turns; the median of each, and of their ratios."""
    root, office = city.build(f"city{members}", members)
    from zhibu.network.dissemination.models import TextJob
    from zhibu.network.dissemination.queries import reach_at
    from zhibu.org.models import Organization
    from zhibu.web import clock

    few_branches = list(Organization.objects.branches().order_by("path")[: 100 // city.EACH])
    city.issued(city.drafted(root, office, root), office)  # the caches of the process are warm
    few: list[float] = []
    many: list[float] = []
    for _ in range(turns):
        for taken, audience in ((few, few_branches), (many, [root])):
            text = city.drafted(root, office, *audience)
            taken.append(seconds_of(partial(city.issued, text, office)))
    TextJob.objects.update(finished_at=clock.now())  # forty texts need not be counted here
    last = city.issued(city.drafted(root, office, root), office)
    counted = seconds_of(city.run_all)
    last.refresh_from_db()
    expected = reach_at(last, root).expected
    if expected != members or not last.is_counted:
        raise SystemExit(f"{expected} expected instead of {members}")
    ratio = statistics.median(many) / statistics.median(few)
    said = (
        f"{statistics.median(many) * 1000:.1f} ms to {members:,}, "
        f"{statistics.median(few) * 1000:.1f} ms to 100, {turns} turns; the worker has counted the "
        f"{members:,} and looked whom to tell {counted:.1f} s later"
    )
    return [
        Result("publish", f"issuing to {members:,} members against issuing to 100, PostgreSQL",
               ratio, FLOOR, "×", is_most=True, notes=(said,)),
    ]  # fmt: skip


if __name__ == "__main__":
    asked = options(__doc__).parse_args()
    tell(measure(20_000 if asked.quick else 1_000_000, 7 if asked.quick else 21))
