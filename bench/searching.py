"""Search over 1,000,000 records against a page that is looked up by its key, on PostgreSQL.

The records are made by the database itself from 4,000 texts: pairs of characters as frequent as words
of minutes are, some in every text, some in ten records of all. They hang on 10,080 branches over ten
years. Asked are two-character words (and longer ones) of each frequency, from a branch, a bureau of
336 branches and the whole city. Both pages are asked in turns, in one process, as a browser asks.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import trees

from ground import Result, open_database, options, tell

FLOOR = 5.0
GOES = 20
TEXTS = 4_000
EACH = 100  # records of a branch
SHAPES = {True: ("search100k", 6, 14), False: ("search1m", 30, 28)}
CHARACTERS = "机关作风建设调查研究服务群众联系基层理论学习经验交流工作计划检查整改责任落实"
# Words and in how many of the texts they stand; 一时 only in records of one year.
SHARES = {"党员": 1.0, "会议": 0.6, "发言": 0.2, "讨论": 0.05, "走访": 0.01, "联学": 0.002}
RARE = {"稀见": 1 / TEXTS}
ONCE, ONE_YEAR = "一时", 2019
FEW = "绝少"  # ten records of all
WORDS = (
    *SHARES, *RARE, ONCE, FEW, "子虚", "党员会议", "走访联学", "稀见 党员", "会议 讨论 走访",
)  # fmt: skip
NOWHERE = frozenset({"子虚", "党员会议", "走访联学"})
SCOPES = ("secretary", "bureau", "office")


def build(systems: int, committees: int) -> int:
    """The database, made unless it is there; gives back the number of records."""
    from django.db import connection

    from zhibu.org.models import Organization

    trees.migrate()
    levels = [
        trees.Level("committee", systems), trees.Level("committee", committees),
        trees.Level("branch", 12),
    ]  # fmt: skip
    root = trees.plant(levels)
    bureau = Organization.objects.filter(parent=root).order_by("path")[systems // 2]
    branch = Organization.objects.branches().filter(path__startswith=bureau.path).order_by("path")
    trees.account("office", "office", [root])
    trees.account("bureau", "office", [bureau])
    trees.account("secretary", "secretary", branch[:1])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM search_searchentry")
        (count,) = cursor.fetchone() or (0,)
        if not count:
            _fill(cursor)
            cursor.execute("SELECT count(*) FROM search_searchentry")
            (count,) = cursor.fetchone() or (0,)
    return int(count)


def _fill(cursor: Any) -> None:
    cursor.execute("SET session_replication_role = replica")  # keys are right by making
    cursor.execute("SET maintenance_work_mem = '1GB'")
    cursor.execute("DROP INDEX search_terms")
    cursor.execute(
        "CREATE TEMPORARY TABLE text_made (n int, topic text, head text, particulars text,"
        " minutes text, rest text, terms int[])"
    )
    cursor.executemany("INSERT INTO text_made VALUES (%s, %s, %s, %s, %s, %s, %s)", list(texts()))
    cursor.execute("CREATE TEMPORARY TABLE branch_made (id uuid, n int, marks int[])")
    cursor.executemany("INSERT INTO branch_made VALUES (%s, %s, %s)", list(branches()))
    cursor.execute("CREATE INDEX ON text_made (n)")
    cursor.execute("ANALYZE text_made")
    given = _given()
    for statement in _FILL:
        started = time.perf_counter()
        cursor.execute(statement, given)
        print(f"{statement.split('(')[0].strip()[:50]}: {time.perf_counter() - started:.0f} s")
    trees.settle()


def _given() -> dict[str, Any]:
    from zhibu.people.models import Person
    from zhibu.rules.searching import year_mark

    return {
        "each": EACH, "texts": TEXTS, "start": date(2016, 1, 4), "year": year_mark(0),
        "once": ONE_YEAR, "by": Person.objects.get(username="secretary").pk,
        "at": datetime.fromisoformat("2026-01-01T09:00+08:00"),
    }  # fmt: skip


# A day for each: the branches meet on different days of the same five weeks.
_FILL = (
    """
    CREATE TEMPORARY TABLE record_made AS
    SELECT uuidv7() AS record_id, uuidv7() AS version_id, b.id AS branch_id, b.marks, k,
           d.day, row_number() OVER (ORDER BY d.day, b.n) AS nth,
           CASE WHEN (b.n * 97 + k) %% 100999 = 5 THEN %(texts)s + 1
                WHEN extract(year FROM d.day) = %(once)s AND (b.n + k) %% 2 = 0 THEN %(texts)s
                ELSE (b.n::bigint * 7919 + k * 104729) %% %(texts)s END AS n
    FROM branch_made b, generate_series(1, %(each)s) k,
         LATERAL (SELECT %(start)s::date + k * 37 + b.n %% 37 AS day) d
    """,
    """
    INSERT INTO handbook_record (id, branch_id, state, current_id, revision, drafted_at)
    SELECT record_id, branch_id, 'filed', version_id, 1, %(at)s FROM record_made ORDER BY nth
    """,
    """
    INSERT INTO handbook_recordversion (id, record_id, branch_id, sequence, version, action,
        submission, filed_at, filed_by_id, year, happened_on, activities, topic, head, particulars,
        agenda, minutes, attendance, decisions, elements, attachments, salts, digests, previous, link)
    SELECT m.version_id, m.record_id, m.branch_id, m.k, 1, 'file', uuidv7(), %(at)s, %(by)s,
        extract(year FROM m.day), m.day, 'members_meeting', t.topic, t.head, t.particulars, '""',
        t.minutes, '[]', '[]', '{}', '[]', t.rest, t.rest,
        CASE WHEN m.k > 1 THEN md5(m.nth::text) ELSE '' END, md5('x' || m.nth)
    FROM record_made m JOIN text_made t ON t.n = m.n ORDER BY m.nth
    """,
    """
    INSERT INTO search_searchentry
        (number, kind, subject, source, is_talk, organization_id, terms)
    SELECT ((m.day - date '0001-01-01' + 1)::bigint << 41) + m.nth, 'record', m.record_id,
        m.version_id, false, m.branch_id,
        t.terms || m.marks || (%(year)s + extract(year FROM m.day)::int)
    FROM record_made m JOIN text_made t ON t.n = m.n ORDER BY m.nth
    """,
    "CREATE INDEX search_terms ON search_searchentry USING gin (terms)",
)


def texts() -> Iterator[tuple[Any, ...]]:
    """The texts that records are made of: 200 to 400 characters, with their canonical parts."""
    from zhibu.handbook.versions import write_parts
    from zhibu.rules.contents import RecordContent
    from zhibu.rules.norm import Activity
    from zhibu.rules.searching import terms_of

    draw = random.Random(2017)
    for n in range(TEXTS + 2):
        words = [word for word, share in SHARES.items() if draw.random() < share]
        words += [word for word in RARE if n == 77]
        words += [ONCE] * (n == TEXTS) + [FEW] * (n == TEXTS + 1)
        sentences = [
            "".join(draw.choices(CHARACTERS, k=draw.randint(8, 20))) for _ in range(18)
        ] + words  # fmt: skip
        draw.shuffle(sentences)
        content = RecordContent(
            activities=(Activity.MEMBERS_MEETING,),
            topic="".join(draw.choices(CHARACTERS, k=10)),
            began_at=datetime(2020, 1, 6, 9, 0),
            place="三楼会议室",
            minutes="，".join(sentences) + "。",
        )
        parts = write_parts(content)
        terms = terms_of([content.topic, content.minutes, content.place])
        yield (
            n, content.topic, parts["head"], parts["particulars"], parts["minutes"], "0" * 64,
            sorted(terms),
        )  # fmt: skip


def branches() -> Iterator[tuple[Any, int, list[int]]]:
    """The branches and the marks of what hangs on them."""
    from zhibu.network.search.marks import marks_of
    from zhibu.org.models import Organization
    from zhibu.rules.searching import year_mark

    rows = Organization.objects.branches().order_by("path").values_list("pk", "path")
    for n, (key, path) in enumerate(rows):
        yield key, n, sorted(marks_of("record", path, 1) - {year_mark(1)})


def visitors() -> dict[str, Any]:
    """A browser for each who asks."""
    from django.test import Client

    from zhibu.people.models import Person

    found = {}
    for who in SCOPES:
        found[who] = Client(SERVER_NAME="127.0.0.1")
        found[who].force_login(Person.objects.get(username=who))
    return found


def _ask(client: Any, address: str) -> tuple[float, str]:
    started = time.perf_counter()
    answer = client.get(address)
    taken = time.perf_counter() - started
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.status_code}")
    return taken, answer.content.decode()


def _p95(found: list[float]) -> float:
    return statistics.quantiles(found, n=20, method="inclusive")[-1]


def measure(records: int, goes: int) -> list[Result]:
    """Search and look-up in turns; the p95 of each, and of the worst question."""
    from zhibu.handbook.models import Record
    from zhibu.org.models import Organization

    clients = visitors()
    branch = Organization.objects.get(grants__person__username="secretary")
    keys = list(Record.objects.filter(branch=branch).values_list("pk", flat=True))
    looked_up: list[float] = []
    searched: dict[tuple[str, str], list[float]] = {}
    draw = random.Random(1)
    questions = [(who, word) for who in SCOPES for word in WORDS]
    for number in range(goes + 2):
        draw.shuffle(questions)
        for who, word in questions:
            taken, text = _ask(clients[who], f"/search/?kind=record&q={quote(word)}")
            if who == "office" and (word in NOWHERE) is ('class="finds"' in text):
                raise SystemExit(f"{word}: found wrongly, or not found")
            page, _ = _ask(clients[who], f"/r/{draw.choice(keys)}/")
            if number > 1:  # the first ones warm the caches
                searched.setdefault((who, word), []).append(taken)
                looked_up.append(page)
    for (who, word), each in sorted(searched.items()):
        print(f"{who} {word}: p95 {_p95(each) * 1000:.1f} ms, median {_median(each):.1f} ms")
    base, every = _p95(looked_up), _p95([one for each in searched.values() for one in each])
    (who, word), worst = max(searched.items(), key=lambda item: _p95(item[1]))
    return [
        Result(
            "searching", "search of two-character words, p95 against that of a page by its key",
            every / base, FLOOR, "×", is_most=True,
            notes=(
                f"{records:,} records, {len(looked_up):,} goes in turns",
                f"search {every * 1000:.1f} ms, a record's page {base * 1000:.1f} ms",
                f"worst question: {who} “{word}”, {_p95(worst) / base:.1f} ×",
            ),
        )
    ]  # fmt: skip


def _median(found: list[float]) -> float:
    return statistics.median(found) * 1000


if __name__ == "__main__":
    asked = options(__doc__).parse_args()
    name, systems, committees = SHAPES[asked.quick]
    open_database(name)
    number = build(systems, committees)
    tell(measure(number, GOES // 4 if asked.quick else GOES))
