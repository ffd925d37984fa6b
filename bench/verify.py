"""`verify` over many records, attachments' bytes aside: records a second; flat as they grow."""

from __future__ import annotations

import time

from ground import Result, open_database, options, populate, tell


def measure(sizes: tuple[int, ...], database: str) -> list[Result]:
    """Over the first branches that hold so many records, and over all of them."""
    from django.db.models import Count

    from zhibu.handbook.models import RecordVersion
    from zhibu.handbook.verification import verify_database

    held = list(
        RecordVersion.objects.values_list("branch_id").annotate(n=Count("id")).order_by("branch_id")
    )
    rates: dict[int, float] = {}
    for size in sizes:
        branches, records = [], 0
        for branch, count in held:
            if records >= size:
                break
            branches.append(branch.hex)
            records += count
        if records < size * 0.9:
            break
        wall, processor = time.perf_counter(), time.process_time()
        outcomes = list(verify_database(branches=branches))
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        seen = sum(outcome.versions for outcome in outcomes)
        if seen != records or any(outcome.fault for outcome in outcomes):
            raise SystemExit("the records do not verify")
        rates[records] = records / wall
        print(f"{database}: {records:,} records in {wall:.2f} s ({processor:.2f} s of processor), "
              f"{records / wall:,.0f}/s")  # fmt: skip
    said = "; ".join(f"{count:,} records {rate:,.0f}/s" for count, rate in rates.items())
    least, *_, most = rates.values()
    return [
        Result("verify", f"records verified a second, {database}", min(rates.values()), 20_000,
               "records/s", notes=(said,)),
        Result("verify", f"cost per record, most against fewest records, {database}", least / most,
               1.25, "×", is_most=True, notes=(said,)),
    ]  # fmt: skip


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    asked = parser.parse_args()
    # A branch has about 59 records a year.
    branches = asked.branches or (200 if asked.quick else 18_000 if asked.full else 1_800)
    sizes = (1_000, 10_000) if asked.quick else (1_000, 10_000, 70_000, 100_000, 1_000_000)
    name = f"b{branches}"
    populate(name, branches, is_sqlite=asked.sqlite)
    open_database(name, is_sqlite=asked.sqlite)
    database = "SQLite" if asked.sqlite else "PostgreSQL"
    tell(measure(sizes, database))
