"""Importing 100,000 members from xlsx, on PostgreSQL: against reading the file and inserting the rows.

The floor is what nobody can do without: python-calamine reads the file, Django bulk-inserts the same
members and memberships, in one transaction. Above it: reading with care, faults by row, questions,
preview, judging again and writing. The two take turns, each on a database that is as before.
"""

from __future__ import annotations

import io
import random
import statistics
import sys
import time
from datetime import date, datetime, timedelta
from typing import Any

from ground import ROOT, Result, open_database, options, tell

sys.path.insert(0, str(ROOT))

TURNS = 3
START = date(2020, 1, 1)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华玉建国志文"
HEADINGS = (
    "序号", "姓名", "性别", "出生年月", "入党时间", "转正时间", "党员类别", "所在党支部", "党内职务", "备注",
)  # fmt: skip


def make_rows(count: int) -> list[list[Any]]:
    """Members as a roster has them, fifty to a branch."""
    dice = random.Random(7)
    rows = []
    used: set[tuple[str, str, date]] = set()
    for number in range(count):
        joined = date(1985, 1, 1) + timedelta(days=dice.randrange(14_000))
        name = dice.choice(SURNAMES) + "".join(dice.sample(GIVEN, 2))
        born = f"{joined.year - 25}.{dice.randrange(1, 13):02d}"
        while (name, born, joined) in used:  # who has all three in common would be asked about
            name = dice.choice(SURNAMES) + "".join(dice.sample(GIVEN, 2))
        used.add((name, born, joined))
        full = date(joined.year + 1, joined.month, min(joined.day, 28))
        rows.append(
            [
                number + 1, name, dice.choice("男女"), born, f"{joined:%Y-%m-%d}", f"{full:%Y.%m.%d}",
                "正式党员", f"量测第{number // 50 + 1}党支部", "书记" if number % 50 == 0 else "", "",
            ]
        )  # fmt: skip
    return rows


def write_file(rows: list[list[Any]]) -> bytes:
    """The rows under a title, as an office has them."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("花名册")
    sheet.write(0, 0, "党员花名册")
    sheet.write_row(1, 0, HEADINGS)
    for at, row in enumerate(rows, 2):
        sheet.write_row(at, 0, row)
    book.close()
    return out.getvalue()


def found_branches(count: int) -> Any:
    """A committee with so many branches."""
    from django.db import transaction

    from zhibu.org import paths
    from zhibu.org.models import Organization, Place
    from zhibu.people.keys import new_key

    kinds = Organization.Kind
    root = Organization.objects.filter(parent=None).first()
    if root is not None:
        return root
    with transaction.atomic():
        root = Organization.objects.create(
            name="量测机关党委", short_name="量测党委", kind=kinds.COMMITTEE, founded_on=START,
            path=paths.segment(1),
        )  # fmt: skip
        rows = [
            Organization(
                id=new_key(), name=f"量测第{n}党支部", short_name=f"第{n}党支部", kind=kinds.BRANCH,
                parent=root, path=root.path + paths.segment(n), founded_on=START,
            )
            for n in range(1, count + 1)
        ]  # fmt: skip
        Organization.objects.bulk_create(rows, batch_size=1000)
        Place.objects.bulk_create(
            Place(
                organization=row, parent=root, path=row.path, name=row.name,
                short_name=row.short_name, since=START,
            )
            for row in rows
        )  # fmt: skip
    return root


def as_before() -> None:
    """No members, and tables without the dead rows of the turn before."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE org_member CASCADE")
        cursor.execute("ANALYZE")


def least(content: bytes) -> dict[str, float]:
    """Read with calamine, insert with Django: the same members, memberships and posts."""
    import python_calamine
    from django.db import transaction

    from zhibu.org.models import Member, Membership, Organization, Post
    from zhibu.people.keys import new_key

    start = time.perf_counter()
    rows = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    read = time.perf_counter()
    with transaction.atomic():
        branches = dict(Organization.objects.values_list("name", "pk"))
        members, seats, posts = [], [], []
        for row in rows[2:]:
            member = Member(
                id=new_key(), name=row[1], sex="m" if row[2] == "男" else "f",
                born_on=date.fromisoformat(row[3].replace(".", "-") + "-01"),
                joined_on=date.fromisoformat(row[4]),
                full_on=date.fromisoformat(row[5].replace(".", "-")),
            )  # fmt: skip
            members.append(member)
            branch = branches[row[7]]
            seats.append(Membership(id=new_key(), member=member, branch_id=branch, since=START))
            if row[8]:
                posts.append(
                    Post(
                        id=new_key(),
                        member=member,
                        organization_id=branch,
                        office="secretary",
                        since=START,
                    )
                )
        Member.objects.bulk_create(members, batch_size=1000)
        Membership.objects.bulk_create(seats, batch_size=1000)
        Post.objects.bulk_create(posts, batch_size=1000)
    end = time.perf_counter()
    return {"read": read - start, "insert": end - read, "whole": end - start}


def ours(content: bytes, root: Any) -> dict[str, float]:
    """The import as people have it: preview, then confirmation."""
    from zoneinfo import ZoneInfo

    from zhibu.org.imports import confirm_import, read_report, start_import

    now = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Asia/Shanghai"))
    start = time.perf_counter()
    held = start_import(
        organization=root, kind="members", content=content, file_name="x.xlsx", effective_on=START,
        by=None, at=now, in_background=False,
    )  # fmt: skip
    shown = time.perf_counter()
    if not held.may_confirm:
        raise SystemExit(
            f"not ready: {held.state} {held.message} {read_report(held).faults[:3]} {read_report(held).questions[:3]}"
        )
    confirm_import(held=held, by=None, at=now, in_background=False)
    end = time.perf_counter()
    return {"preview": shown - start, "write": end - shown, "whole": end - start}


def main() -> None:
    """Take turns and tell the medians."""
    asked = options(__doc__).parse_args()
    count = 5_000 if asked.quick else 100_000
    open_database("rosters")
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    root = found_branches(2_000)
    content = write_file(make_rows(count))
    floor, reached = [], []
    for turn in range(TURNS):
        as_before()
        floor.append(least(content))
        as_before()
        reached.append(ours(content, root))
        print(turn + 1, floor[-1], reached[-1])
    ratio = statistics.median(r["whole"] / f["whole"] for r, f in zip(reached, floor, strict=True))
    middle = {key: statistics.median(one[key] for one in reached) for key in reached[0]}
    least_of = {key: statistics.median(one[key] for one in floor) for key in floor[0]}
    notes = (
        (
            f"{count:,} members: calamine {least_of['read']:.1f} s + bulk insert {least_of['insert']:.1f} s;"
            f" preview {middle['preview']:.1f} s + confirming {middle['write']:.1f} s"
        ),
    )
    what = f"{count:,} members from xlsx with preview and validation, against reading + inserting"
    tell([Result("rosters", what, ratio, 3, "×", is_most=True, notes=notes)])


if __name__ == "__main__":
    main()
