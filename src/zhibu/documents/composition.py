"""The order and the wording of the year's book: values → blocks, the same for PDF and Word."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from zhibu.documents.blocks import (
    Block,
    Code,
    Composition,
    Cover,
    Grid,
    Heading,
    Label,
    Notice,
    Pairs,
    Paragraph,
    Part,
    Signatures,
)
from zhibu.documents.book import (
    Book,
    Change,
    Decision,
    Fact,
    RecordSection,
    RecordSheet,
    SealRow,
)
from zhibu.documents.literal import (
    COVER_TEXT,
    MAX_CHINESE_NUMBER,
    REDACTED,
    Covered,
    Text,
    chinese_date,
    chinese_number,
)
from zhibu.documents.table import AnnualTable, TableLine

# A named part of a record up to this length (characters) stands in the head of its sheet.
SHORT_ELEMENT = 40
_ROSTER_COLUMNS: tuple[tuple[str, str, float], ...] = (
    ("name", "姓名", 2.4),
    ("gender", "性别", 1.2),
    ("born", "出生年月", 2.4),
    ("joined", "入党时间", 3.0),
    ("full", "转正时间", 3.0),
    ("kind", "党员类别", 2.2),
    ("group", "党小组", 2.4),
    ("post", "党内职务", 2.6),
    ("remark", "备注", 2.6),
)
_TABLE_COLUMNS: tuple[tuple[str, float], ...] = (
    ("序号", 30),
    ("时间", 56),
    ("类别", 30),
    ("会议（活动）类别", 82),
    ("主题内容", 132),
    ("形式", 50),
    ("参加范围", 50),
    ("主持（主讲）", 50),
    ("责任人", 50),
    ("完成情况", 70),
    ("备注", 38),
)
# A table of named values up to this length (characters) is kept on one page.
_SHORT_PROOF = 700
_FEW_KEYS = 12  # so is a table of so many keys


def compose_book(book: Book) -> Composition:
    """The whole book: cover and parts, numbered 一、二、三、 after the notes."""
    parts = [Part("使用说明", tuple(_numbered(book.notes)))]
    chapters = [
        Part("党支部基本情况", tuple(_branch_blocks(book))),
        Part("党员名册", tuple(_roster_blocks(book)), is_landscape=True),
        Part("年度安排表", tuple(_table_blocks(book.table)), is_landscape=True),
        *(Part(section.title, tuple(_section_blocks(section))) for section in book.sections),
        Part("更正、作废和遮盖情况", tuple(_change_blocks(book.changes))),
        Part("封存页", tuple(_seal_blocks(book))),
    ]
    for number, part in enumerate(chapters, 1):
        title = f"{chinese_number(number)}、{part.title}"
        parts.append(Part(title, part.blocks, part.is_landscape))
    return Composition(_cover(book), tuple(parts))


def _cover(book: Book) -> Cover:
    return Cover(
        title=book.title,
        year=f"{book.year}年度",
        lines=(
            ("党支部名称", book.branch),
            ("上级党组织", book.parent),
            ("党支部书记", book.secretary),
        ),
        foot=(f"{chinese_date(book.issued_on)}编印",),
    )


def _numbered(texts: Iterable[str]) -> Iterator[Paragraph]:
    for number, text in enumerate(texts, 1):
        yield Paragraph(f"{number}. {text}")


def _branch_blocks(book: Book) -> Iterator[Block]:
    yield Heading("（一）基本信息")
    facts = book.facts or (
        Fact("党支部名称", book.branch),
        Fact("上级党组织", book.parent),
        Fact("党支部书记", book.secretary),
    )
    yield Pairs(tuple(((fact.label, fact.value),) for fact in facts))
    yield Heading("（二）党支部委员会")
    yield from _grid_or_note(
        ("序号", "姓名", "党内职务", "分工", "任职时间", "备注"),
        [(r.name, r.post, r.duty, r.since, r.remark) for r in book.committee],
        (1.7, 2.6, 3, 6, 3.4, 2.3),
        "本年度无党支部委员会成员记载。",
        centred=(1, 2, 4),
    )
    yield Heading("（三）党小组")
    yield from _grid_or_note(
        ("序号", "党小组", "组长", "党员人数", "党员"),
        [(r.name, r.leader, r.count, r.members) for r in book.groups],
        (1.7, 3.2, 2.4, 2.9, 7.6),
        "本年度未设党小组。",
        centred=(1, 2, 3),
    )


def _roster_blocks(book: Book) -> Iterator[Block]:
    yield from _grid_or_note(
        ("序号", *(title for _, title, _ in _ROSTER_COLUMNS)),
        [tuple(getattr(row, name) for name, _, _ in _ROSTER_COLUMNS) for row in book.roster],
        (1.3, *(width for _, _, width in _ROSTER_COLUMNS)),
        "本年度无党员名册记载。",
        centred=range(1, len(_ROSTER_COLUMNS)),
    )
    if book.roster:
        yield Paragraph(f"共{len(book.roster)}名党员。", is_small=True)


def _table_blocks(table: AnnualTable | None) -> Iterator[Block]:
    if table is None or not table.lines:
        yield Paragraph("本年度无年度安排表。")
        return
    remarks = (table.heading(), table.legend(), *table.notes)
    yield Paragraph("　　".join(remark for remark in remarks if remark), is_small=True)
    yield from _grid_or_note(
        tuple(title for title, _ in _TABLE_COLUMNS),
        [_table_cells(line) for line in table.lines],
        tuple(width for _, width in _TABLE_COLUMNS),
        "",
        centred=(1, 2, 3, 5, 6, 7, 8),
        drops_blank=False,
    )


def _table_cells(line: TableLine) -> tuple[Text, ...]:
    day = line.planned_on
    return (
        f"{day.month}月{day.day}日" if day else line.period,
        line.practice_class,
        line.activity,
        line.topic,
        line.form,
        line.attendees,
        line.presenter,
        line.responsible,
        line.state,
        line.remark,
    )


def _section_blocks(section: RecordSection) -> Iterator[Block]:
    if not section.records:
        yield Paragraph(section.empty or f"本年度无{section.title}。")
    for number, record in enumerate(section.records, 1):
        yield from _record_blocks(record, number, section.has_page_each)


def _record_blocks(record: RecordSheet, number: int, has_page_each: bool) -> Iterator[Block]:
    void = "（已作废）" if record.is_void else ""
    aside = "　".join(filter(None, (record.number, record.version)))
    # The first record follows the heading of its chapter on the same page.
    yield Heading(f"{_ordinal(number)}{record.title}{void}", aside, has_page_each and number > 1)
    if record.is_void:
        yield Notice(_void_notice(record))
    yield Pairs(tuple(_head_rows(record)))
    yield from _listed("议题", record.agenda)
    yield from _listed("传达文件", record.texts)
    yield from _listed("上次议定事项", record.follow_ups)
    if record.minutes != "":
        yield Label("会议（活动）内容")
        yield Paragraph(record.minutes)
    for element in record.elements:
        if not _is_short(element):
            yield Label(element.label)
            yield Paragraph(element.value)
    yield from _decision_blocks(record.decisions)
    yield from _listed("到会人数与表决结果", record.findings)
    yield from _attachment_blocks(record)
    if record.signers:
        yield Signatures(record.signers)
    yield _proof(_proof_rows(record))


def _proof(rows: Iterable[tuple[tuple[str, Text], ...]]) -> Pairs:
    """What proves a record or a seal, on one page unless it is too long for that."""
    proof = tuple(rows)
    length = sum(len(str(value)) for row in proof for _, value in row)
    return Pairs(proof, is_small=True, keeps_together=length <= _SHORT_PROOF)


def _void_notice(record: RecordSheet) -> str:
    void = next((c for c in reversed(record.changes) if c.kind == "作废"), None)
    if void is None:
        return "本记录已作废。"
    reason = void.reason if isinstance(void.reason, str) else COVER_TEXT
    return f"本记录已于{void.at}作废。理由：{reason}"


def _head_rows(record: RecordSheet) -> Iterator[tuple[tuple[str, Text], ...]]:
    for label, value in (
        ("活动类别", record.kinds), ("主题", record.topic), ("所属专题", record.themes),
    ):  # fmt: skip
        if value != "":
            yield ((label, value),)
    yield (("时间", record.happened),)
    yield (("地点", record.place),)
    yield (("主持人", record.presider), ("记录人", record.recorder))
    if record.expected or record.present:
        yield (("应到", record.expected), ("实到", record.present))
    for label, value in (
        ("出席人员", record.attendees),
        ("列席人员", record.guests),
        ("缺席人员及原因", record.absences),
    ):
        if value != "" or (record.expected and label != "出席人员"):
            yield ((label, "无" if value == "" else value),)
    for element in record.elements:
        if _is_short(element):
            yield ((element.label, element.value),)


def _is_short(element: Fact) -> bool:
    value = element.value
    if isinstance(value, Covered):
        return True
    return len(value) <= SHORT_ELEMENT and "\n" not in value


def _listed(label: str, items: tuple[str, ...] | Covered) -> Iterator[Block]:
    if isinstance(items, Covered):
        yield Label(label)
        yield Paragraph(REDACTED)
    elif len(items) == 1:
        yield Label(label)
        yield Paragraph(items[0])
    elif items:
        yield Label(label)
        yield from _numbered(items)


def _decision_blocks(decisions: tuple[Decision, ...] | Covered) -> Iterator[Block]:
    if isinstance(decisions, Covered):
        yield from _listed("决议", decisions)
        return
    if not decisions:
        return
    yield Label("决议")
    for number, decision in enumerate(decisions, 1):
        mark = f"{number}. " if len(decisions) > 1 else ""
        if isinstance(decision.text, Covered):
            if mark:
                yield Paragraph(mark.strip())
            yield Paragraph(decision.text)
        else:
            yield Paragraph(f"{mark}{decision.text}")
        ballot = f"表决情况：{decision.ballot}。" if decision.ballot else ""
        result = f"表决结果：{decision.result}。" if decision.result else ""
        if ballot or result:
            yield Paragraph(ballot + result)
        if decision.task:
            yield Paragraph(f"形成任务：{decision.task}。")


def _attachment_blocks(record: RecordSheet) -> Iterator[Block]:
    attachments = record.attachments
    if isinstance(attachments, Covered):
        yield from _listed("附件", attachments)
    elif attachments:
        yield Label("附件")
        yield Grid(
            ("序号", "名称", "大小", "摘要码"),
            tuple((str(n), a.name, a.size, a.digest) for n, a in enumerate(attachments, 1)),
            (1.5, 4.7, 2, 9),
            centred=(0, 2),
            is_small=True,
        )


def _proof_rows(record: RecordSheet) -> Iterator[tuple[tuple[str, Text], ...]]:
    times = record.times
    yield (("发生时间", times.happened), ("归档时间", times.filed))
    sealed = times.sealed or "尚未封存"
    yield (("封存时间", sealed), ("归档编号", f"{record.number}　{record.version}"))
    if times.remark:
        yield (("说明", times.remark),)
    if record.lines:
        yield (("完成事项", "\n".join(record.lines)),)
    for change in record.changes:
        yield ((change.kind, _say_change(change)),)
    yield (("摘要码", record.digest),)
    if record.chain:
        yield (("前后相连", record.chain),)


def _say_change(change: Change) -> str:
    reason = change.reason if isinstance(change.reason, str) else COVER_TEXT
    head = "，".join(filter(None, (change.at, change.by, change.version)))
    return f"{head}。{reason}" if change.has_basis else f"{head}。理由：{reason}"


def _change_blocks(changes: tuple[Change, ...]) -> Iterator[Block]:
    yield from _grid_or_note(
        ("序号", "记录", "事项", "时间", "办理人", "理由"),
        [
            (
                c.record,
                "".join((c.kind, f"（{c.version}）" if c.version else "")),
                c.at,
                c.by,
                c.reason,
            )
            for c in changes
        ],
        (1.7, 5, 2.6, 3.4, 2.4, 4.4),
        "本年度无更正、作废和依法遮盖情况。",
        centred=(2, 3, 4),
    )


def _seal_blocks(book: Book) -> Iterator[Block]:
    if book.seal_note:
        yield Paragraph(book.seal_note)
    if not book.seals:
        yield Paragraph("本年度无封存记录。")
    for number, seal in enumerate(book.seals, 1):
        yield Heading(f"{_ordinal(number)}{seal.number}")
        yield _proof(_seal_rows(seal))
    if book.keys:
        yield Heading(f"{_ordinal(len(book.seals) + 1)}公钥指纹")
        yield Grid(
            ("党组织", "算法", "启用时间", "公钥指纹"),
            tuple((k.owner, k.algorithm, k.since, k.fingerprint) for k in book.keys),
            (3, 2, 3.2, 9.8),  # a fingerprint just fits its line
            centred=(1, 2),
            is_small=True,
            keeps_together=len(book.keys) <= _FEW_KEYS,
        )
    if book.qr_text:
        yield Code(book.qr_text, "扫描二维码，核对本手册的封存信息")
    yield Signatures(("党支部书记", "上级党组织"))


def _ordinal(number: int) -> str:
    """（一）…（九十九）（100）"""
    return f"（{chinese_number(number)}）" if number <= MAX_CHINESE_NUMBER else f"（{number}）"


def _seal_rows(seal: SealRow) -> Iterator[tuple[tuple[str, Text], ...]]:
    yield (("封存时间", seal.sealed_at), ("封存范围", seal.covers))
    yield (("封存单位", seal.signer),)
    yield (("封存摘要码", seal.head),)
    yield (("签名", seal.signature),)
    yield (("公钥指纹", seal.fingerprint),)
    for signature in seal.countersignatures:
        yield (("加签单位", signature.by), ("加签时间", signature.at))
        yield (("加签签名", signature.signature),)
        yield (("公钥指纹", signature.fingerprint),)
    if not seal.countersignatures:
        yield (("上级加签", "尚未加签"),)


def _grid_or_note(
    header: tuple[str, ...],
    rows: list[tuple[Text, ...]],
    widths: tuple[float, ...],
    empty: str,
    *,
    centred: Iterable[int] = (),
    drops_blank: bool = True,
) -> Iterator[Block]:
    """A numbered grid (its first column 序号 is made here), or a sentence when it is empty.

    A column that nobody filled is dropped unless the form is fixed.
    """
    if not rows:
        yield Paragraph(empty)
        return
    numbered = [(str(number), *row) for number, row in enumerate(rows, 1)]
    kept = [
        at for at in range(len(header)) if not drops_blank or any(row[at] != "" for row in numbered)
    ]
    middle = {0, *centred}
    yield Grid(
        tuple(header[at] for at in kept),
        tuple(tuple(row[at] for at in kept) for row in numbered),
        tuple(widths[at] for at in kept),
        tuple(place for place, at in enumerate(kept) if at in middle),
    )
