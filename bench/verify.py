"""`verify` over many records, attachments' bytes aside: records a second; flat as they grow."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ground import Result, open_database, options, populate, tell

if TYPE_CHECKING:
    from uuid import UUID

    from zhibu.handbook.models import RecordVersion

MILLION = 1_000_000
TURNS = 3


def seconds_of(branches: Sequence[str], records: int, processes: int) -> tuple[float, float]:
    """Seconds of the clock, and of the processor, for verifying these branches."""
    from zhibu.handbook.verification import verify_database

    served = database_seconds()
    wall, processor = time.perf_counter(), time.process_time()
    outcomes = list(verify_database(branches=branches, processes=processes))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    processor += database_seconds() - served
    seen = sum(outcome.versions for outcome in outcomes)
    if seen != records or any(outcome.fault for outcome in outcomes):
        raise SystemExit("the records do not verify")
    return wall, processor


def portions(sizes: Sequence[int]) -> Iterator[tuple[list[str], int]]:
    """For each size the first branches that hold so many records."""
    from django.db.models import Count

    from zhibu.handbook.models import RecordVersion

    held = list(
        RecordVersion.objects.values_list("branch_id").annotate(n=Count("id")).order_by("branch_id")
    )
    for size in sizes:
        branches, records = [], 0
        for branch, count in held:
            if records >= size:
                break
            branches.append(branch.hex)
            records += count
        if records >= size * 0.9:
            yield branches, records


def measure(sizes: Sequence[int], database: str) -> list[Result]:
    """In one process for each size, and the largest in a process a core.

    Of some goes the least disturbed one counts, as other work runs on the same cores. The rate of a
    core divides by all processor time, that of the database's process included.
    """
    rates: dict[int, float] = {}
    core = 0.0
    branches: list[str] = []
    for branches, records in portions(sizes):
        goes = [seconds_of(branches, records, 1) for _ in range(TURNS if records < MILLION else 1)]
        wall, processor = (min(go[at] for go in goes) for at in (0, 1))
        rates[records], core = records / wall, records / processor
        print(f"{database}: {records:,} records in {wall:.2f} s ({processor:.2f} s of processor), "
              f"{records / wall:,.0f}/s")  # fmt: skip
    name = "verify-sqlite" if database == "SQLite" else "verify"
    cores = os.cpu_count() or 1
    whole, records = branches, max(rates)
    goes = [seconds_of(whole, records, cores) for _ in range(TURNS if records < MILLION else 1)]
    rate = records / min(go[0] for go in goes)
    load = f"load of the machine {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    said = "; ".join(f"{count:,} records {each:,.0f}/s" for count, each in rates.items())
    of_helpers = f"{records:,} records, start of the processes included; {load}"
    return [
        Result(name, f"records verified a second, {database}, {cores} processes", rate, 20_000,
               "records/s", notes=(of_helpers,)),
        Result(name, f"the same by one process, {database}", rates[records], 20_000,
               "records/s", notes=(f"{said}; {load}",)),
        Result(name, f"the same a second of processor, database included, {database}", core,
               20_000, "records/s", notes=(f"{records:,} records, one process",)),
        Result(name, f"cost per record, {records:,} against {min(rates):,}, {database}",
               rates[min(rates)] / rates[records], 1.25, "×", is_most=True),
    ]  # fmt: skip


def database_seconds() -> float:
    """Processor seconds of the process that serves this connection; 0 on SQLite, or unknown."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    if not stat.exists():
        return 0.0
    user, system = stat.read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def grow(total: int) -> None:
    """Append to every chain what its branch has filed, again and again, until so many are stored.

    As if branches had worked for years: records of their own, links and digests that verify, their
    lines of the ledger, but no lines of a table. PostgreSQL only.
    """
    from zhibu.handbook.models import RecordVersion
    from zhibu.ledger.models import ChainHead

    heads = list(ChainHead.objects.order_by("branch_id"))
    missing = total - RecordVersion.objects.count()
    for done, head in enumerate(heads):
        wanted = missing // (len(heads) - done)
        missing -= wanted
        if wanted > 0:
            _append(head, wanted)


def _append(head: Any, wanted: int) -> None:
    import json
    from itertools import cycle, islice

    from django.db import connection, transaction

    from zhibu.handbook.models import Record, RecordVersion
    from zhibu.ledger.models import Entry
    from zhibu.people.keys import new_key

    own = list(RecordVersion.objects.filter(branch=head.branch_id, action="file"))
    versions = [_again(head, like) for like in islice(cycle(own), wanted)]
    columns = [str(field.column) for field in RecordVersion._meta.concrete_fields]
    names = [field.attname for field in RecordVersion._meta.concrete_fields]
    with transaction.atomic(), connection.cursor() as cursor:
        with cursor.copy(
            f"COPY {RecordVersion._meta.db_table} ({', '.join(columns)}) FROM STDIN"
        ) as copy:
            for version in versions:
                copy.write_row([getattr(version, name) for name in names])
        with cursor.copy(
            f"COPY {Record._meta.db_table} (id, branch_id, state, current_id, revision, "
            "drafted_by_id, drafted_at) FROM STDIN"
        ) as copy:
            for v in versions:
                row = (v.record_id, v.branch_id, "filed", v.id, 2, v.filed_by_id, v.filed_at)
                copy.write_row(row)
        with cursor.copy(
            f"COPY {Entry._meta.db_table} (id, at, person_id, verb, organization_id, "
            "subject_kind, subject_id, detail) FROM STDIN"
        ) as copy:
            for v in versions:
                said = json.dumps({"version": 1, "sequence": v.sequence, "link": v.link})
                copy.write_row(
                    (new_key(), v.filed_at, v.filed_by_id, "file_record", v.branch_id, "record",
                     v.record_id, said)
                )  # fmt: skip
        head.save()


def _again(head: Any, like: RecordVersion) -> RecordVersion:
    """The next link of the chain, with the texts of another."""
    import json

    from zhibu.handbook.models import RecordVersion
    from zhibu.handbook.versions import digest_of, new_salts
    from zhibu.ledger.canonical import canonical_text
    from zhibu.people.keys import new_key
    from zhibu.rules import digests

    names = [field.attname for field in RecordVersion._meta.concrete_fields]
    record: UUID = new_key()
    made = RecordVersion(**{name: getattr(like, name) for name in names})
    made.id, made.record_id, made.submission = new_key(), record, new_key()
    made.head = canonical_text({**json.loads(like.head), "lines": []})
    made.attachments = "[]"
    salts = new_salts()
    made.salts = digests.join(salts)
    texts = [getattr(made, part) for part in digests.PARTS]
    made.digests = digests.join(digests.digest_parts(texts, salts))
    made.sequence, made.previous = head.sequence + 1, head.link
    made.link = digests.link_digest(made.previous, digest_of(made))
    head.sequence, head.link = made.sequence, made.link
    return made


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    asked = parser.parse_args()
    # A branch has about 59 records.
    branches = asked.branches or (200 if asked.quick else 1_800)
    sizes = (1_000, 10_000) if asked.quick else (1_000, 10_000, 100_000)
    name = f"b{branches}"
    populate(name, branches, is_sqlite=asked.sqlite)
    open_database(name, is_sqlite=asked.sqlite)
    if not asked.sqlite:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    database = "SQLite" if asked.sqlite else "PostgreSQL"
    results = measure(sizes, database)
    if asked.full and not asked.sqlite:
        grow(MILLION)
        results += measure((1_000, MILLION), f"{database}, grown")
    tell(results)
