"""What stands on a record's agenda from elsewhere: texts to pass on, earlier tasks, themes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from zhibu.network.agenda.queries import Offer, Offers, OpenTask, offers_for
from zhibu.org.models import Organization
from zhibu.rules.contents import Carried, Decision, FollowUp, RecordContent
from zhibu.rules.norm import Activity
from zhibu.rules.tasks import TaskFacts, TaskStanding, TaskState, judge_task
from zhibu.rules.wording import say


@dataclass(frozen=True, slots=True)
class TickRow:
    """A text or a theme that can be ticked."""

    key: str
    title: str
    since: date | None
    is_ticked: bool
    is_offered: bool  # no: it was ticked before and is not to be done any more


@dataclass(frozen=True, slots=True)
class FollowRow:
    """An earlier task and what this meeting says of it; `state` is "" for nothing."""

    key: str
    title: str
    owner: str
    since: date
    due_on: date
    standing: TaskStanding
    why: str
    state: str
    note: str
    is_open: bool

    @property
    def slot(self) -> str:
        """Where remarks about it stand."""
        return f"follow-{self.key}"


def lay_agenda(
    branch: Organization,
    content: RecordContent,
    names: Mapping[str, str],
    *,
    day: date,
    before: RecordContent | None,
    stored: RecordContent,
    record_id: UUID | None,
    only_groups: bool,
) -> tuple[RecordContent, Offers]:
    """The content with true titles and names, without what is not this branch's; and the offers.

    What is not offered stays only where the draft holds it already (`stored`). Whoever writes for a
    group alone leaves the branch's tasks as they are.
    """
    offers = offers_for(
        branch, day, tasks=_keys(one.key for one in content.follow_ups), lines=_keys(content.lines)
    )
    is_heard = bool(content.attendance) and Activity.TALK not in content.activities
    offers = replace(
        offers,
        texts=offers.texts if is_heard else (),
        tasks=() if only_groups else _tasks(content, offers, record_id, is_heard=is_heard),
    )
    content = replace(
        content,
        texts=_carried(content.texts, offers.texts, stored.texts),
        themes=_carried(content.themes, offers.themes, stored.themes),
        follow_ups=stored.follow_ups
        if only_groups
        else _followed(content.follow_ups, offers.tasks),
        decisions=tuple(_named(one, names, stored.decisions) for one in content.decisions),
    )
    if before is not None:
        content = tick_themes(content, before, offers.themes)
    return content, offers


def tick_themes(
    content: RecordContent, before: RecordContent, themes: Sequence[Offer]
) -> RecordContent:
    """Tick the themes of lines just chosen; untick those that only lines taken back carry."""
    added, taken = (
        set(content.lines) - set(before.lines),
        set(before.lines) - set(content.lines),
    )
    kept = set(content.lines) & set(before.lines)
    gone = {one.key for one in themes if taken & set(one.lines) and not kept & set(one.lines)}
    ticked = [one for one in content.themes if one.key not in gone]
    known = {one.key for one in ticked}
    ticked += [
        Carried(one.key, one.title)
        for one in themes
        if added & set(one.lines) and one.key not in known
    ]
    return replace(content, themes=tuple(ticked))


def tick_rows(ticked: Sequence[Carried], offers: Sequence[Offer]) -> tuple[TickRow, ...]:
    """What can be ticked; first what was and is not offered any more."""
    chosen = {one.key for one in ticked}
    offered = {one.key for one in offers}
    stale = (TickRow(c.key, c.title, None, True, False) for c in ticked if c.key not in offered)
    return (*stale, *(TickRow(o.key, o.title, o.since, o.key in chosen, True) for o in offers))


def follow_rows(
    said: Sequence[FollowUp], tasks: Sequence[OpenTask], day: date
) -> tuple[FollowRow, ...]:
    """Each task with what is said of it; how it stands as on the day of the meeting."""
    words = {one.key: one for one in said}
    return tuple(_follow_row(task, words.get(task.key), day) for task in tasks)


def _follow_row(task: OpenTask, said: FollowUp | None, day: date) -> FollowRow:
    judged = judge_task(TaskFacts(task.due_on, TaskState.OPEN), day)
    return FollowRow(
        key=task.key,
        title=task.title,
        owner=task.owner,
        since=task.since,
        due_on=task.due_on,
        standing=judged.standing,
        why=say(judged.verdict),
        state=said.state.value if said else "",
        note=said.note if said else "",
        is_open=task.is_open,
    )


def _tasks(
    content: RecordContent, offers: Offers, record_id: UUID | None, *, is_heard: bool
) -> tuple[OpenTask, ...]:
    """The tasks on the agenda: not those that this record made itself; all that it speaks of."""
    named = {one.key for one in content.follow_ups}
    own = str(record_id) if record_id else ""
    return tuple(
        one
        for one in offers.tasks
        if (one.key in named or is_heard) and (not own or one.record != own)
    )


def _followed(said: Iterable[FollowUp], tasks: Sequence[OpenTask]) -> tuple[FollowUp, ...]:
    words = {one.key: one for one in said}
    return tuple(replace(words[task.key], title=task.title) for task in tasks if task.key in words)


def _carried(
    ticked: Iterable[Carried], offers: Iterable[Offer], stored: Iterable[Carried]
) -> tuple[Carried, ...]:
    titles = {one.key: one.title for one in stored} | {one.key: one.title for one in offers}
    keys = dict.fromkeys(one.key for one in ticked)
    return tuple(Carried(key, titles[key]) for key in keys if key in titles)


def _named(decision: Decision, names: Mapping[str, str], stored: Sequence[Decision]) -> Decision:
    """The task's owner by name: of the day's roster, or as the draft has it."""
    task = decision.task
    if task is None or not task.owner:
        return decision if task is None else replace(decision, task=replace(task, owner_name=""))
    was = {one.task.owner: one.task.owner_name for one in stored if one.task}
    name = names.get(task.owner) or was.get(task.owner, "")
    return replace(decision, task=replace(task, owner_name=name))


def _keys(texts: Iterable[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
