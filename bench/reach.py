"""How far a text has got among 1,000,000 members, read at the root, against counting its receipts.

All but a thousand have acknowledged; the receipts are written in bulk and folded by the worker's own
step. Both ways must say the same, at the root and at every committee, folded or not.
"""

from __future__ import annotations

from typing import Any

import city

from ground import Result, median_of, options, seconds_of, tell

FLOOR = 100.0
UNFOLDED = 1_000

_RECEIPTS = """
INSERT INTO dissemination_receipt
    (id, text_id, member_id, version, path, how, at, is_valid, counted_as, is_folded)
SELECT uuidv7(), %(text)s, m.member_id, 1, o.path, 'read', now(), TRUE, '', FALSE
FROM org_membership m JOIN org_organization o ON o.id = m.branch_id
ORDER BY m.member_id OFFSET %(skip)s LIMIT %(most)s
"""


def reach_more(text: Any, skip: int, most: int) -> None:
    """The receipts of so many members after the first ones, as many people leave them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # foreign keys known to hold
        cursor.execute(_RECEIPTS, {"text": text.pk, "skip": skip, "most": most})
        cursor.execute("SET session_replication_role = origin")


def check(text: Any, root: Any) -> int:
    """What is read equals what is counted; how many. Raises SystemExit."""
    from django.db.models import Count
    from django.db.models.functions import Substr

    from zhibu.network.dissemination.models import Receipt
    from zhibu.network.dissemination.queries import coverages, reach_below

    rows = Receipt.objects.filter(text=text, version=1, is_valid=True)
    whole = coverages(text, [root.path])[root.path].reached
    below = [place.path for place in reach_below(text, root)]
    level = len(below[0])
    counted = dict(
        rows.annotate(at_level=Substr("path", 1, level))
        .order_by()
        .values_list("at_level")
        .annotate(number=Count("pk"))
    )
    read = {path: one.reached for path, one in coverages(text, below).items() if one.reached}
    if whole != rows.count() or read != counted:
        raise SystemExit(f"{whole} read, {rows.count()} counted")
    return whole


def measure(members: int, goes: int) -> list[Result]:
    """The reading folded, and with a thousand receipts that are not."""
    root, office = city.build(f"city{members}", members)
    import trees

    from zhibu.network.dissemination.models import Receipt
    from zhibu.network.dissemination.queries import coverages, reach_at

    text = city.issued(city.drafted(root, office, root), office)
    city.run_all()
    reach_more(text, 0, members - UNFOLDED)
    folding = seconds_of(city.fold_all)
    trees.settle()
    reached = check(text, root)
    receipts = Receipt.objects.filter(text=text, version=1, is_valid=True)
    count = median_of(receipts.count, times=max(5, goes // 4))
    read = median_of(lambda: coverages(text, [root.path]), times=goes)
    whole = median_of(lambda: reach_at(text, root), times=goes)
    reach_more(text, members - UNFOLDED, UNFOLDED)
    check(text, root)
    unfolded = median_of(lambda: coverages(text, [root.path]), times=goes)
    city.fold_all()
    check(text, root)
    said = (
        f"{members:,} members, {reached:,} reached: count {count * 1000:.1f} ms, read at the root "
        f"{read * 1000:.2f} ms (with its place of that day {whole * 1000:.2f}, with {UNFOLDED:,} "
        f"receipts not folded in {unfolded * 1000:.2f}); {reached / folding:,.0f} receipts folded a "
        "second; equal at the root and at every committee, before and after folding"
    )
    return [
        Result("reach", f"reach of the root, {members:,} members, against counting the receipts",
               count / read, FLOOR, "×", notes=(said,)),
    ]  # fmt: skip


if __name__ == "__main__":
    asked = options(__doc__).parse_args()
    tell(measure(20_000 if asked.quick else 1_000_000, 9 if asked.quick else 41))
