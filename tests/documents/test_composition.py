"""What the book says and in which order, before it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from tests.documents.samples import make_book, make_record

from zhibu.documents.blocks import Composition, Grid, Heading, Notice, Pairs, Paragraph, Part
from zhibu.documents.book import Book, Change, Fact, RecordSection, RecordSheet
from zhibu.documents.composition import compose_book
from zhibu.documents.literal import REDACTED, Covered


def texts(value: Any) -> Iterator[str | Covered]:
    """Every text of a block or a composition."""
    if isinstance(value, (str, Covered)):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif is_dataclass(value):
        for field in fields(value):
            if field.name != "kind":
                yield from texts(getattr(value, field.name))


def part(composition: Composition, words: str) -> Part:
    return next(p for p in composition.parts if words in p.title)


def with_record(**changes: object) -> Part:
    record = make_record(1, **changes)
    book = replace(make_book(), sections=(RecordSection("支部党员大会记录", (record,)),))
    return part(compose_book(book), "支部党员大会记录")


def test_parts_are_numbered_in_order() -> None:
    """Notes first, then the chapters 一 to 九, the seal page last."""
    titles = [p.title for p in compose_book(make_book()).parts]
    assert titles == [
        "使用说明",
        "一、党支部基本情况",
        "二、党员名册",
        "三、年度安排表",
        "四、支部党员大会记录",
        "五、支部委员会会议记录",
        "六、党小组会记录",
        "七、谈心谈话记录",
        "八、更正、作废和遮盖情况",
        "九、封存页",
    ]


def test_an_empty_book_says_so_in_each_part() -> None:
    """A branch with nothing yet: each part has its sentence 本年度无… or 未…, none is blank."""
    today = make_book().issued_on
    book = Book(2026, "某党支部", "某党委", "沈启明", today, sections=(RecordSection("党课记录"),))
    for each in compose_book(book).parts[1:]:
        said = "".join(t for t in texts(each.blocks) if isinstance(t, str))
        assert "本年度无" in said or "本年度未" in said, each.title


@pytest.mark.parametrize(
    "field",
    ["topic", "place", "presider", "recorder", "guests", "absences", "agenda", "minutes",
     "decisions", "attachments"],
)  # fmt: skip
def test_a_covered_part_is_shown_as_covered(field: str) -> None:
    """Each part of a record may be covered; the page then shows that it was, not nothing."""
    blocks = with_record(**{field: REDACTED}).blocks
    assert REDACTED in list(texts(blocks))


def test_every_text_of_a_record_is_in_its_sheet() -> None:
    """Nothing that was recorded is dropped by the page."""
    record = make_record(
        3,
        attendees="出席名单甲",
        elements=(Fact("主讲人", "主讲乙"), Fact("整改措施", "长" * 50)),
        changes=(Change("更正", "更正时间丙", "更正人丁", "更正理由戊", "第2版"),),
    )
    book = replace(make_book(), sections=(RecordSection("支部党员大会记录", (record,)),))
    page = part(compose_book(book), "支部党员大会记录")
    said = "".join(t for t in texts(page.blocks) if isinstance(t, str))
    missing = [t for t in texts(record) if isinstance(t, str) and t not in said]
    assert missing == []


def test_a_void_record_says_so_at_its_head() -> None:
    """The notice stands before the record's own words and gives the reason."""
    change = Change("作废", "2026年5月22日", "沈启明", "重复归档", "第2版")
    blocks = with_record(is_void=True, changes=(change,)).blocks
    heading, notice = blocks[0], blocks[1]
    assert isinstance(heading, Heading)
    assert "（已作废）" in heading.text
    assert notice == Notice("本记录已于2026年5月22日作废。理由：重复归档")


def test_long_elements_get_a_paragraph_of_their_own() -> None:
    """40 characters fit the head of the sheet, 41 do not, nor do two lines."""
    for value, is_paragraph in (("字" * 40, False), ("字" * 41, True), ("一\n二", True)):
        blocks = with_record(elements=(Fact("措施", value),), minutes="").blocks
        assert (Paragraph(value) in blocks) is is_paragraph


def test_short_records_follow_one_another() -> None:
    """A section of talks does not start a page for each."""
    records: tuple[RecordSheet, ...] = tuple(make_record(n) for n in (1, 2, 3))
    for has_page_each in (True, False):
        section = RecordSection("谈心谈话记录", records, has_page_each=has_page_each)
        page = part(compose_book(replace(make_book(), sections=(section,))), "谈心谈话")
        starts = [b.starts_page for b in page.blocks if isinstance(b, Heading)]
        assert starts == [False, has_page_each, has_page_each]


def test_columns_that_nobody_filled_are_not_printed() -> None:
    """The roster of the sample has neither posts nor remarks."""
    grid = next(b for b in part(compose_book(make_book()), "名册").blocks if isinstance(b, Grid))
    assert grid.header == (
        "序号", "姓名", "性别", "出生年月", "入党时间", "转正时间", "党员类别", "党小组",
    )  # fmt: skip
    assert all(len(row) == len(grid.header) == len(grid.widths) for row in grid.rows)


def test_a_hundred_and_more_records_are_counted() -> None:
    """Chinese numbers to 99, then digits."""
    records = tuple(make_record(n) for n in range(1, 102))
    book = replace(make_book(), sections=(RecordSection("谈心谈话记录", records),))
    headings = [b.text for b in part(compose_book(book), "谈心").blocks if isinstance(b, Heading)]
    assert headings[98].startswith("（九十九）")
    assert headings[100].startswith("（101）")


def test_a_long_proof_may_break_across_pages() -> None:
    """Kept together while short; a reason of 2,000 characters is allowed to break."""
    for reason, together in (("短", True), ("长" * 2000, False)):
        change = Change("更正", "今日", "某人", reason)
        proof = with_record(changes=(change,)).blocks[-1]
        assert isinstance(proof, Pairs)
        assert proof.keeps_together is together
