"""一册: the values of a branch's 《党支部工作手册》 of one year.

Every string is worded by the caller. A `Text` may be `zhibu.documents.literal.REDACTED`: it prints
as （依法遮盖）.
`zhibu.documents.typesetting.typeset_book` makes the PDF, `zhibu.documents.word.write_book_docx`
the Word file, both from the same composition (`zhibu.documents.composition`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from zhibu.documents.literal import COVER_TEXT, Covered, Text
from zhibu.documents.table import AnnualTable

STANDARD_NOTES: Final = (
    "本手册是党支部组织生活的原始记录，一年一册，由党支部书记负责，记录人如实、及时、准确、清楚填写。",
    "各项记录一经归档即不可改动。确需更正的，另立新版并注明原版和理由；确需作废的，注明理由。更正和作废情况在本手册中一并列示。",
    "每项记录载明三个时间：发生时间（活动何时开展）、归档时间（记录何时定稿）、封存时间（何时加盖电子封存）。三者不一致的，以所载为准，不得倒签。",
    f"依法不宜保留、公开的内容以“{COVER_TEXT}”标示，遮盖不影响对其余内容的核验。",
    "记录末尾所载摘要码由该项记录的全部内容计算得出，内容改动一字，摘要码即不相同；各项记录的摘要码前后相连，可据末页封存信息核验全册。",
    "党支部书记变动时，本手册随工作一并移交；年度终了，按照档案管理有关规定归档保存。",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A named value, e.g. 成立时间."""

    label: str
    value: Text


@dataclass(frozen=True, slots=True)
class CommitteeRow:
    """One member of the branch committee (or the secretary where there is none)."""

    name: Text
    post: str
    duty: str = ""  # 分工
    since: str = ""  # 任职时间
    remark: str = ""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One party group."""

    name: str
    leader: Text
    count: str = ""
    members: Text = ""


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One member of the branch. A column that is empty in every row is not printed."""

    name: Text
    gender: str = ""
    born: Text = ""
    joined: str = ""  # 入党时间
    full: str = ""  # 转正时间
    kind: str = ""  # 正式党员、预备党员
    group: str = ""
    post: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One matter decided: its text, the votes and the outcome."""

    text: Text
    ballot: str = ""  # 应到会有表决权的党员28名，实到25名，赞成25票 …
    result: str = ""  # 通过、未通过
    task: str = ""  # who carries it out by when


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attached file."""

    name: Text
    size: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """The three times of a record; `remark` says what is notable, e.g. 逾期归档12天."""

    happened: str
    filed: str
    sealed: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A correction, a voiding or a blacking out: what, when, by whom, why, to which version."""

    kind: str  # 更正、作废、依法遮盖（会议内容）
    at: str
    by: str
    reason: Text
    version: str = ""
    record: str = ""  # title of the record; needed only in Book.changes
    has_basis: bool = False  # the reason says itself what is basis and what is reason


@dataclass(frozen=True, slots=True)
class RecordSheet:
    """One record as it stands. `title` is its heading and its line in the contents.

    `elements` are the norm's own parts (主讲人、整改措施 …); short ones join the head of the sheet,
    long ones get a paragraph with their label. `signers` get a line to sign by hand.
    """

    title: str
    happened: str
    times: Times
    digest: str
    number: str = ""  # 归档号, e.g. 第12号
    version: str = ""
    kinds: str = ""
    topic: Text = ""
    place: Text = ""
    presider: Text = ""
    recorder: Text = ""
    expected: str = ""
    present: str = ""
    attendees: Text = ""
    guests: Text = ""
    absences: Text = ""
    agenda: tuple[str, ...] | Covered = ()
    texts: tuple[str, ...] = ()  # 传达文件
    follow_ups: tuple[str, ...] = ()  # 上次议定事项
    themes: str = ""  # 所属专题
    minutes: Text = ""
    elements: tuple[Fact, ...] = ()
    decisions: tuple[Decision, ...] | Covered = ()
    findings: tuple[str, ...] = ()  # whether enough had come, what was passed, with the article
    attachments: tuple[Attachment, ...] | Covered = ()
    lines: tuple[str, ...] = ()  # the lines of the table that it discharges
    chain: str = ""
    changes: tuple[Change, ...] = ()
    is_void: bool = False
    signers: tuple[str, ...] = ("主持人", "记录人")


@dataclass(frozen=True, slots=True)
class RecordSection:
    """The year's records of one kind; `title` without its number, e.g. 支部党员大会记录."""

    title: str
    records: tuple[RecordSheet, ...] = ()
    empty: str = ""  # said when there is none; default 本年度无{title}。
    has_page_each: bool = True  # False lets short records (谈心谈话) follow one another


@dataclass(frozen=True, slots=True)
class Countersignature:
    """The level above confirms a seal."""

    by: str
    at: str
    signature: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class SealRow:
    """One seal over the chain of the branch."""

    number: str
    sealed_at: str
    covers: str  # 第1号至第12号
    head: str  # digest of the chain's head
    signer: str
    signature: str
    fingerprint: str
    countersignatures: tuple[Countersignature, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyPrint:
    """A public key by its fingerprint."""

    owner: str
    fingerprint: str
    algorithm: str = "Ed25519"
    since: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """The handbook of one branch and year.

    `parent` is the organisation above, `qr_text` what the code on the seal page says (at most
    about 1,000 characters), `facts` the table 党支部基本情况, `notes` the 使用说明.
    """

    year: int
    branch: str
    parent: str
    secretary: str
    issued_on: date
    facts: tuple[Fact, ...] = ()
    committee: tuple[CommitteeRow, ...] = ()
    groups: tuple[GroupRow, ...] = ()
    roster: tuple[RosterRow, ...] = ()
    table: AnnualTable | None = None
    sections: tuple[RecordSection, ...] = ()
    changes: tuple[Change, ...] = ()
    seals: tuple[SealRow, ...] = ()
    keys: tuple[KeyPrint, ...] = ()
    qr_text: str = ""
    seal_note: str = ""  # how to verify, or why nothing is sealed yet
    notes: tuple[str, ...] = STANDARD_NOTES
    title: str = "党支部工作手册"
