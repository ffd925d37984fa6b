"""A book of 200 pages, set by Zhibu (Typst) and by WeasyPrint: the same content and measures.

Both get the same composition and make a tagged PDF/A-2b. No text stands twice in it and none comes back in a later run, since
Typst remembers what it has set. Goes of the two take turns; a first one of each, which loads fonts,
is told and not counted.
"""

from __future__ import annotations

import gc
import io
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from ground import ROOT, Result, options, tell

sys.path.insert(0, str(ROOT))

import pypdf
from book_html import as_html
from tests.documents.samples import make_book

from zhibu.documents.book import Attachment, Book, Decision, RecordSheet
from zhibu.documents.table import TableLine
from zhibu.documents.typesetting import typeset_book

PARAGRAPHS = 16
TURNS = 7
CLAUSES = (
    "会议传达学习了上级有关文件精神", "听取了支部委员会工作报告", "与会党员围绕年度安排交流发言",
    "大家认为规定的动作要完成好", "自选的动作要做出实效", "参加率有所下降", "夜班人员排班有冲突",
    "由组织委员会同各党小组提前征求意见", "合理确定活动时间", "有的同志提出党课可与业务培训合并",
    "有的同志认为应当分别安排", "会议决定暂不合并", "下季度再议", "由宣传委员牵头落实",
    "月底前向支部委员会反馈", "窗口服务还有三处不足", "值班安排应当调整", "书记作了小结",
)  # fmt: skip


class Pen:
    """Writes texts of which none is like another; the seed says which."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._used = seed * 100_000

    def paragraph(self, clauses: int) -> str:
        """So many clauses in an order of their own, with a number that no other text has."""
        self._used += 1
        said = self._dice.sample(CLAUSES, clauses)
        return f"{said[0]}（第{self._used}号），" + "，".join(said[1:]) + "。"

    def digest(self) -> str:
        """64 hexadecimal digits."""
        return self._dice.randbytes(32).hex()

    def record(self, sheet: RecordSheet) -> RecordSheet:
        """The record with texts of its own, as long as those it had."""
        return replace(
            sheet,
            topic=self.paragraph(2),
            happened=f"2026年3月{self._dice.randint(1, 28)}日14:{self._dice.randint(10, 59)}至15:30",
            place=f"机关第{self._dice.randint(1, 900)}会议室",
            absences=self.paragraph(2),
            agenda=tuple(self.paragraph(1) for _ in range(3)),
            minutes="\n".join(self.paragraph(7) for _ in range(PARAGRAPHS)),
            decisions=tuple(
                Decision(self.paragraph(1), f"赞成{self._dice.randint(1, 99)}票，反对0票", "通过")
                for _ in range(2)
            ),
            attachments=(Attachment(self.paragraph(1), "36 KB", self.digest()),),
            lines=(self.paragraph(1), self.paragraph(1)),
            digest=self.digest(),
            chain=self.paragraph(1) + self.digest(),
        )

    def line(self, line: TableLine) -> TableLine:
        """The line with a topic of its own."""
        return replace(line, topic=self.paragraph(2))


def fresh_book(meetings: int, seed: int) -> Book:
    """A book whose texts are in no other."""
    pen = Pen(seed)
    book = make_book(meetings=meetings)
    first, *others = book.sections
    assert book.table is not None
    return replace(
        book,
        sections=(replace(first, records=tuple(map(pen.record, first.records))), *others),
        table=replace(book.table, lines=tuple(map(pen.line, book.table.lines))),
    )


def set_by_zhibu(book: Book) -> bytes:
    """What a person gets who asks for the book."""
    return typeset_book(book)


def set_by_weasyprint(book: Book) -> bytes:
    """The same with the other."""
    import weasyprint

    out = io.BytesIO()
    weasyprint.HTML(string=as_html(book)).write_pdf(out, pdf_variant="pdf/a-2b", pdf_tags=True)
    return out.getvalue()


def timed(work: Callable[[Book], bytes], book: Book) -> tuple[float, float, int]:
    """Seconds of the clock, of the processor, and pages."""
    gc.collect()  # what the go before left behind is not this one's work
    wall, processor = time.perf_counter(), time.process_time()
    pdf = work(book)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return wall, processor, len(pypdf.PdfReader(io.BytesIO(pdf)).pages)


def measure(meetings: int, turns: int) -> list[Result]:
    """The medians of the goes and of their ratios."""
    both = (set_by_zhibu, set_by_weasyprint)
    cold = timed(set_by_zhibu, fresh_book(meetings, 1))
    timed(set_by_weasyprint, fresh_book(1, 2))
    goes = []
    for turn in range(turns):
        goes.append([timed(work, fresh_book(meetings, 3 + turn)) for work in both])
        (ours, mine, pages), (theirs, others, their_pages) = goes[-1]
        print(f"Zhibu {ours:.2f} s, {mine:.2f} s of processor, {pages} pages; "
              f"WeasyPrint {theirs:.1f} s, {others:.1f} s of processor, {their_pages} pages")  # fmt: skip

    def median(side: int, field: int) -> float:
        return statistics.median(go[side][field] for go in goes)

    import weasyprint

    pages, their_pages = goes[0][0][2], goes[0][1][2]
    ratio = statistics.median(theirs[0] / ours[0] for ours, theirs in goes)
    work = statistics.median(theirs[1] / ours[1] for ours, theirs in goes)
    said = (
        f"Zhibu {median(0, 0):.2f} s ({median(0, 1):.2f} s of processor) for {pages} pages, the "
        f"first one, with fonts, {cold[0]:.2f} s; WeasyPrint {weasyprint.__version__} "
        f"{median(1, 0):.1f} s ({median(1, 1):.1f} s) for {their_pages} pages; {turns} goes each"
    )
    return [
        Result("book", f"a book of {pages} pages, speed against WeasyPrint", ratio, 30, "×",
               notes=(said,)),
        Result("book", "the same by processor time: Typst uses every core, WeasyPrint one", work,
               30, "×"),
    ]  # fmt: skip


if __name__ == "__main__":
    asked = options(__doc__).parse_args()
    tell(measure(10, 1) if asked.quick else measure(36, TURNS))
