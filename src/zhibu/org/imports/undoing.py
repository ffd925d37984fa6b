"""Undoes an import: what it made goes, what it changed is as it was, unless something depends on it.

Whatever hangs on the rows by a foreign key is found by itself. What names people otherwise, as the
text of a record does, is told by the rooms above: they register a keeper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.db.models.functions import Length

from zhibu.ledger.services import note
from zhibu.org import places
from zhibu.org.imports.journal import Journal, plain
from zhibu.org.imports.refusals import ImportKept
from zhibu.org.models import (
    Member,
    Membership,
    MemberSpell,
    Organization,
    Place,
    Post,
    RosterImport,
)
from zhibu.org.services import Refused
from zhibu.people.models import Person

BATCH: Final = 900
MOST_NAMES: Final = 3
Keeper = Callable[[frozenset[UUID], datetime], Iterable[str]]
_KEEPERS: list[Keeper] = []
_MODELS: Final[dict[str, type[models.Model]]] = {
    "member": Member,
    "membership": Membership,
    "post": Post,
    "memberspell": MemberSpell,
    "organization": Organization,
    "place": Place,
}
# What hangs on another is deleted before it.
_ORDER: Final = ("post", "memberspell", "membership", "member", "place", "organization")
_WORDS: Final = {
    "membership": "另有支部归属登记", "post": "另有任职登记", "memberspell": "另有特殊情形登记",
    "correctionrequest": "提出过更正申请", "organization": "已有下级组织", "member": "党员信息已被使用",
    "plan": "已有年度安排表", "planline": "已列入年度安排", "record": "已有记录", "recordversion": "已有归档记录",
    "term": "已登记届次", "grant": "已授予角色", "activist": "已登记入党积极分子", "chainhead": "已有归档记录",
    "normchoice": "已选用规范", "tally": "已有统计", "tallydelta": "已有统计", "rosterimport": "已用于另一次导入",
    "place": "已有隶属或名称变动",
    "ownfield": "已设自设栏目", "theme": "已设立专题", "carrying": "已列入专题", "report": "已有月度工作报告",
    "text": "已有传达文件", "audience": "已列为传达对象", "forward": "已转发过文件",
    "receipt": "已有传达回执", "carriage": "已在会上传达过文件",
    "task": "已有任务", "assignment": "已向下级交办任务",
    "feedback": "已有意见反映", "case": "已有反映事项", "step": "已办理过反映事项",
    "channel": "已设置群机器人",
}  # fmt: skip


def register_keeper(keeper: Keeper) -> None:
    """A room above tells what it knows of people: keys, and since when → reasons in Chinese."""
    if keeper not in _KEEPERS:
        _KEEPERS.append(keeper)


def undo_import(*, held: RosterImport, by: Person | None, at: datetime) -> RosterImport:
    """Take back what an import did. Raises ImportKept, saying what depends on it, or Refused."""
    try:
        return _undo(held, by, at)
    except IntegrityError as error:  # registered between our look and our deleting
        raise ImportKept(("已被其他登记使用",)) from error


@transaction.atomic
def _undo(held: RosterImport, by: Person | None, at: datetime) -> RosterImport:
    held = (
        RosterImport.objects.select_for_update(of=("self",))
        .select_related("organization")
        .get(pk=held.pk)
    )
    if not held.may_undo or held.made is None or held.applied_at is None:
        raise Refused(f"这次导入现在是“{held.get_state_display()}”，不能撤销。")
    journal = Journal.unpack(bytes(held.made))
    reasons = tuple(dict.fromkeys(_reasons(journal, held.applied_at)))
    if reasons:
        raise ImportKept(reasons)
    _take_back(journal)
    held.state, held.undone_by, held.undone_at, held.touched_at = (
        RosterImport.State.UNDONE, by, at, at,
    )  # fmt: skip
    held.made = None
    held.save(update_fields=["state", "undone_by", "undone_at", "touched_at", "made"])
    note(by=by, verb="undo_import", organization_id=held.organization_id, subject=held, at=at)
    return held


def _take_back(journal: Journal) -> None:
    # New rows go first: an open membership that was closed may only be opened when no other is.
    for name in _ORDER:
        for keys in _batches(journal.made.get(name, [])):
            rows = _MODELS[name]._default_manager.filter(pk__in=keys)
            if name == "organization":
                _delete_by_depth(rows)
            else:
                rows.delete()
    for change in reversed(journal.changed):
        model = _MODELS[change["model"]]
        model._default_manager.filter(pk=change["key"]).update(**change["before"])
        if model is Organization and change["before"].keys() & {"name", "short_name"}:
            places.correct_place(Organization.objects.get(pk=change["key"]))


def _delete_by_depth(rows: models.QuerySet[Any]) -> None:
    """The lowest first: a child names its parent."""
    lengths = rows.annotate(depth=Length("path")).values_list("depth", flat=True)
    for depth in sorted(set(lengths), reverse=True):
        rows.annotate(depth=Length("path")).filter(depth=depth).delete()


def _reasons(journal: Journal, since: datetime) -> Iterator[str]:
    yield from _changed_since(journal)
    for name in ("member", "organization", "membership", "post", "memberspell"):
        keys = journal.made.get(name, [])
        if keys:
            yield from _hanging_on(_MODELS[name], keys, journal)
    members = frozenset(UUID(key) for key in journal.made.get("member", []))
    if members:
        yield from _signed_in(journal.made["member"])
        for keeper in _KEEPERS:
            yield from keeper(members, since)


def _changed_since(journal: Journal) -> Iterator[str]:
    """Rows that were changed after the import: their later values would be lost."""
    final: dict[tuple[str, str], dict[str, Any]] = {}
    for change in journal.changed:
        final.setdefault((change["model"], change["key"]), {}).update(change["after"])
    names: list[str] = []
    for (model, key), after in final.items():
        row = _MODELS[model]._default_manager.filter(pk=key).first()
        if row is None or any(plain(getattr(row, name)) != value for name, value in after.items()):
            names.append(_name_of(row))
    if names:
        yield f"{_some(names)}在导入之后又有改动"
    yield from _made_and_changed(journal)


def _made_and_changed(journal: Journal) -> Iterator[str]:
    """Rows that the import made and that are gone or ended meanwhile."""
    names: list[str] = []
    for name in ("membership", "post", "memberspell"):
        for keys in _batches(journal.made.get(name, [])):
            rows = _MODELS[name]._default_manager.filter(pk__in=keys)
            ended = rows.filter(until__isnull=False).select_related("member")
            names += [str(getattr(row, "member").name) for row in ended]  # noqa: B009 - of models with a member
            if len(keys) != rows.count():
                names.append("")
    if names:
        yield f"{_some(names)}在导入之后又有变动"


def _hanging_on(model: type[models.Model], keys: Sequence[str], journal: Journal) -> Iterator[str]:
    """Rows of other tables that point at these, beside those that the import made itself."""
    for relation in model._meta.related_objects:
        other: Any = relation.related_model
        name = str(other._meta.model_name)
        own = set(journal.made.get(name, []))
        own |= {one["key"] for one in journal.changed if one["model"] == name}
        field = relation.field.name
        for part in _batches(keys):
            found = other._default_manager.filter(**{f"{field}__in": part})
            strange = [key for key in found.values_list("pk", flat=True) if str(key) not in own]
            if strange:
                subject = _name_of(getattr(found.filter(pk=strange[0]).get(), field))
                yield f"{subject}等{_WORDS.get(name, '已被其他登记使用')}"
                break


def _signed_in(keys: Sequence[str]) -> Iterator[str]:
    names: list[str] = []
    for part in _batches(keys):
        rows = Member.objects.filter(pk__in=part, person__isnull=False)
        names += rows.values_list("name", flat=True)
    if names:
        yield f"{_some(names)}已开通账号"


def _name_of(row: Any) -> str:
    if row is None:
        return "有的党员"
    member = getattr(row, "member", None)
    return str(member.name if member is not None else getattr(row, "name", row))


def _some(names: Sequence[str]) -> str:
    known = list(dict.fromkeys(name for name in names if name))
    shown = "、".join(known[:MOST_NAMES])
    return shown + (f"等{len(known)}人" if len(known) > MOST_NAMES else "") or "有的党员"


def _batches(keys: Sequence[str]) -> Iterator[list[str]]:
    for at in range(0, len(keys), BATCH):
        yield list(keys[at : at + BATCH])


def known_models() -> frozenset[str]:
    """The tables that may hang on what an import makes: a test sees that each has its words."""
    related = [*Member._meta.related_objects, *Organization._meta.related_objects]
    return frozenset(str(cast("Any", one.related_model)._meta.model_name) for one in related)
