"""The comparison of two norms says what changes for a branch, by meaning and in Chinese."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.norm import (
    Activity,
    Attendees,
    Basis,
    Cadence,
    Element,
    Field,
    Happening,
    Norm,
    Per,
    PracticeClass,
    Requirement,
    Scope,
    Threshold,
    Unit,
)
from zhibu.rules.packs import (
    Change,
    ChangeKind,
    diff_norms,
    pack_name,
    say_change,
    say_diff,
    shelve_packs,
)
from zhibu.rules.verdicts import Article, Severity

HALF = Threshold(Basis.EXPECTED, Fraction(1, 2))
PLACE = Element("place", "地点", Severity.WARNING)
LESSON = Requirement(
    code="D4",
    practice_class=PracticeClass.T,
    title="党课",
    activity=Activity.LESSON,
    cadence=Cadence(Unit.QUARTER),
    scope=Scope(needs_committee=True),
    attendees=Attendees.MEMBERS,
    article=Article("甲规定第一条"),
    text="每季度上一次党课。",
    quorum=HALF,
    elements=(Element("topic", "主题"), PLACE),
    minutes=20,
)
LABELS = ((PracticeClass.B, "必做"), (PracticeClass.T, "推荐"), (PracticeClass.X, "自选"))


def norm_with(*requirements: Requirement, labels: Any = LABELS) -> Norm:
    return Norm("p", "1", "规范", date(2020, 1, 1), None, labels, requirements)


def kinds(**changed: Any) -> list[ChangeKind]:
    new = replace(LESSON, **changed)
    return [change.kind for change in diff_norms(norm_with(LESSON), norm_with(new))]


K = ChangeKind
CASES: list[tuple[dict[str, Any], ChangeKind, str]] = [
    ({"title": "按季党课"}, K.RENAMED, "名称由“党课”改为“按季党课”"),
    ({"practice_class": PracticeClass.B}, K.RAISED, "类别提高，由推荐改为必做"),
    ({"practice_class": PracticeClass.X}, K.LOWERED, "类别降低，由推荐改为自选"),
    ({"activity": Activity.STUDY}, K.ACTIVITY, "活动类型由党课改为"),
    ({"cadence": Cadence(Unit.MONTH)}, K.OFTENER, "次数增加，由每季度一次改为每月一次"),
    ({"cadence": Cadence(Unit.HALF)}, K.SELDOMER, "次数减少，由每季度一次改为每半年一次"),
    ({"cadence": Cadence(Unit.QUARTER, months=(3, 6, 9, 12))}, K.NARROWER, "收紧"),
    ({"cadence": Cadence(Unit.YEAR, times=4)}, K.WIDER, "放宽"),
    (
        {"cadence": Cadence(Unit.EVENT, after=Happening.VACANCY)},
        K.RETIMED,
        "时间要求改变",
    ),
    ({"scope": Scope()}, K.BINDS_MORE, "适用范围扩大"),
    (
        {"scope": Scope(needs_committee=True, min_full_members=7)},
        K.BINDS_FEWER,
        "适用范围缩小",
    ),
    ({"scope": Scope(fields=frozenset({Field.ORGAN}))}, K.BINDS_OTHERS, "适用范围改变"),
    (
        {"scope": Scope(per=Per.GROUP, needs_groups=True, needs_committee=True)},
        K.BINDS_OTHERS,
        "适用范围改变",
    ),
    ({"attendees": Attendees.COMMITTEE}, K.ATTENDEES, "参加人员由"),
    ({"excuses_infirm": True}, K.EXCUSED, "年老体弱党员不再计入应到"),
    ({"quorum": None}, K.QUORUM, "取消到会要求"),
    ({"quorum": replace(HALF, is_strict=True)}, K.QUORUM, "到会要求提高"),
    ({"quorum": replace(HALF, share=Fraction(1, 3))}, K.QUORUM, "到会要求降低"),
    ({"quorum": replace(HALF, basis=Basis.PRESENT)}, K.QUORUM, "换了基数"),
    ({"majority": HALF}, K.MAJORITY, "新增通过要求"),
    (
        {"elements": (*LESSON.elements, Element("agenda", "议程"))},
        K.ELEMENT_ADDED,
        "记录新增“议程”（必填）",
    ),
    ({"elements": (PLACE,)}, K.ELEMENT_DROPPED, "记录不再要求“主题”"),
    (
        {"elements": (Element("topic", "主题"), replace(PLACE, severity=Severity.ERROR))},
        K.ELEMENT_STRICTER,
        "“地点”由应填改为必填",
    ),
    (
        {"elements": (Element("topic", "主题", Severity.NOTE), PLACE)},
        K.ELEMENT_LOOSER,
        "“主题”由必填改为选填",
    ),
    (
        {"elements": (Element("topic", "主题", min_length=9), PLACE)},
        K.LENGTH,
        "“主题”的最少字数由1字改为9字",
    ),
    ({"in_force_from": date(2021, 3, 1)}, K.FORCE, "自2021年3月1日起施行"),
    ({"minutes": 30}, K.MINUTES, "由20分钟改为30分钟"),
    ({"article": Article("乙规定第二条")}, K.BASIS, "依据改为乙规定第二条"),
    ({"text": "每季度讲一次党课。"}, K.REWORDED, "文字有修改"),
]


@pytest.mark.parametrize(("changed", "kind", "said"), CASES)
def test_each_kind_of_change(changed: dict[str, Any], kind: ChangeKind, said: str) -> None:
    """One change, one kind, one sentence that names the requirement."""
    (change,) = diff_norms(norm_with(LESSON), norm_with(replace(LESSON, **changed)))
    assert change.kind is kind
    sentence = say_change(change)
    assert said in sentence
    assert sentence.startswith(f"D4 {change.title}：")
    assert sentence.endswith("。")


def test_every_kind_has_a_case() -> None:
    """A new kind of change needs a sentence and a case."""
    tested = {kind for _, kind, _ in CASES} | {K.ADDED, K.ENDED, K.LABEL}
    assert tested == set(ChangeKind)


@pytest.mark.parametrize(
    "changed",
    [
        {"cadence": Cadence(Unit.MONTH, every=3)},
        {"cadence": Cadence(Unit.QUARTER, months=tuple(range(1, 13)))},
        {"scope": Scope(needs_committee=True, fields=frozenset(Field))},
        {"scope": Scope(needs_committee=True, min_full_members=1)},
        {"text": "每季度 上一次党课"},
        {"guide": "新的指引", "model": "新的示例"},
        {"elements": (PLACE, Element("topic", "主题"))},
        {"origin": "other@2"},
    ],
)
def test_the_same_meaning_is_no_change(changed: dict[str, Any]) -> None:
    """Three months are a quarter; every field is no condition; order and help are no demand."""
    assert kinds(**changed) == []


def test_a_new_text_is_not_told_beside_what_it_says() -> None:
    """Once the rhythm is told, that the sentence about it differs is no news."""
    assert kinds(cadence=Cadence(Unit.MONTH), text="每月上一次党课。") == [K.OFTENER]


def test_several_changes_of_one_requirement_stand_together() -> None:
    """In a fixed order, under one heading."""
    other = replace(LESSON, code="D5", title="主题党日")
    new = replace(LESSON, cadence=Cadence(Unit.MONTH), minutes=30, quorum=None)
    changes = diff_norms(norm_with(LESSON, other), norm_with(replace(other, minutes=5), new))
    assert [(c.code, c.kind) for c in changes] == [
        ("D5", K.MINUTES),
        ("D4", K.OFTENER),
        ("D4", K.QUORUM),
        ("D4", K.MINUTES),
    ]
    assert [line for line in say_diff(changes).splitlines() if line[0] != " "] == [
        "D5 主题党日",
        "D4 党课",
    ]


def test_duties_come_and_go() -> None:
    """A new duty is told with its class, rhythm, reach and what its record must hold."""
    new = replace(LESSON, code="D9", title="分析", scope=Scope(needs_committee=True))
    added, ended = diff_norms(norm_with(LESSON), norm_with(new))
    assert (added.kind, ended.kind) == (K.ADDED, K.ENDED)
    assert say_change(added) == (
        "D9 分析：新增一项，类别为推荐，每季度一次，适用于设立支部委员会的党支部，记录必填主题。"
    )
    assert say_change(ended) == "D4 党课：不再要求（原为每季度一次）。"


def test_labels_belong_to_the_norm() -> None:
    """What the classes are called is told once, not for each requirement."""
    labels = ((PracticeClass.B, "基本"), *LABELS[1:])
    (change,) = diff_norms(norm_with(LESSON), norm_with(LESSON, labels=labels))
    assert change == Change(K.LABEL, before="必做", after="基本", subject="B")
    assert say_change(change) == "B 类的叫法由“必做”改为“基本”。"


CATALOGUE = Path(__file__).parents[2] / "catalogue"
TEXTS = [p.read_text(encoding="utf-8") for p in sorted(CATALOGUE.glob("*.toml"))]
RESOLVE = shelve_packs(TEXTS)
NORMS = [norm for text in TEXTS if (norm := RESOLVE(pack_name(text))) is not None]


@given(st.sampled_from(NORMS), st.sampled_from(NORMS))
def test_every_change_between_real_norms_can_be_said(a: Norm, b: Norm) -> None:
    """No English enum value, no Python in what people read; nothing changes against itself."""
    changes = diff_norms(a, b)
    assert bool(changes) is (a is not b)
    for change in changes:
        said = re.sub(r"^[A-Z]+\d+[a-z]? ", "", say_change(change))
        assert not re.search(r"[a-z_]{3,}|None|[<>{}\[\]]", said), said
    told = {c.code for c in changes if c.kind is K.ADDED}
    assert told == {r.code for r in b.requirements} - {r.code for r in a.requirements}


OPPOSITE = {
    K.ADDED: K.ENDED,
    K.RAISED: K.LOWERED,
    K.OFTENER: K.SELDOMER,
    K.NARROWER: K.WIDER,
    K.BINDS_MORE: K.BINDS_FEWER,
    K.ELEMENT_ADDED: K.ELEMENT_DROPPED,
    K.ELEMENT_STRICTER: K.ELEMENT_LOOSER,
}


@given(st.sampled_from(NORMS), st.sampled_from(NORMS))
def test_the_way_back_is_the_opposite(a: Norm, b: Norm) -> None:
    """What is added one way has ended the other way."""
    there = [(c.code, OPPOSITE.get(c.kind, c.kind)) for c in diff_norms(a, b)]
    back = [(c.code, c.kind) for c in diff_norms(b, a)]
    turned = {v: k for k, v in OPPOSITE.items()}
    assert sorted((code, turned.get(k, k)) for code, k in there) == sorted(
        (code, turned.get(k, k)) for code, k in back
    )
