"""Takes the rows of a judged list of organisations in. The caller holds the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db.models import Max

from zhibu.org import paths, places
from zhibu.org.imports.journal import Journal
from zhibu.org.imports.members import BATCH, Tell
from zhibu.org.imports.refusals import ImportOutdated
from zhibu.org.models import Organization, Place
from zhibu.org.services import LONGEST_SHORT, Refused
from zhibu.people.keys import new_key
from zhibu.rules.roster_judging import Outcome
from zhibu.rules.roster_tree_judging import TreeDifference, TreeJudgement

_PATH_LENGTH = Organization._meta.get_field("path").max_length or 0


class TreeWriter:
    """Founds the new organisations, parents first, and changes the kept ones."""

    def __init__(self, judgement: TreeJudgement, *, effective_on: date, tell: Tell) -> None:
        self.judgement = judgement
        self.effective_on = effective_on
        self.tell = tell
        self.journal = Journal()
        self.by_row: dict[int, Organization] = {}
        self.by_key: dict[str, Organization] = {}
        self.numbers: dict[UUID, int] = {}  # parent → the last number given below it

    def write(self) -> Journal:
        """Do it all. Raises Refused where the tree would become too deep."""
        changed = self.judgement.of(Outcome.CHANGED)
        new = self.judgement.of(Outcome.NEW)
        for one in changed:
            self._change(one)
        self._learn_parents(new)
        rows = [self._found(one) for one in new]
        # Parents stand before their children, also within a batch.
        for at in range(0, len(rows), BATCH):
            Organization.objects.bulk_create(rows[at : at + BATCH])
            self.tell(len(changed) + at)
        made = [
            Place(
                id=new_key(), organization=row, parent_id=row.parent_id, path=row.path,
                name=row.name, short_name=row.short_name, since=row.founded_on,
            )
            for row in rows
        ]  # fmt: skip
        Place.objects.bulk_create(made, batch_size=BATCH)
        for place in made:
            self.journal.note_made("place", place.pk)
        for row in rows:
            self.journal.note_made("organization", row.pk)
        return self.journal

    def _learn_parents(self, new: Sequence[TreeDifference]) -> None:
        keys = sorted({one.parent for one in new if one.parent})
        for at in range(0, len(keys), BATCH):
            # Held until the end: two who found below one parent would take the same place.
            rows = Organization.objects.select_for_update().filter(pk__in=keys[at : at + BATCH])
            self.by_key.update((str(row.pk), row) for row in rows.order_by("pk"))
        if any(row.dissolved_on is not None for row in self.by_key.values()):
            raise ImportOutdated

    def _found(self, one: TreeDifference) -> Organization:
        parent = self.by_row[one.parent_row] if one.parent_row else self.by_key[one.parent]
        row = one.row
        path = parent.path + paths.segment(self._next_number(parent, is_new=bool(one.parent_row)))
        if len(path) > _PATH_LENGTH:
            raise Refused(f"第{row.row}行：组织层级过深，不能设立在“{parent.name}”下。")
        organization = Organization(
            id=new_key(),
            kind=str(row.kind),
            field=str(row.field or parent.field),
            name=row.name,
            short_name=row.short_name or row.name[:LONGEST_SHORT],
            parent=parent,
            path=path,
            founded_on=one.founded_on or self.effective_on,
            in_use_since=parent.in_use_since,
            soon_days=parent.soon_days,
            class_labels=parent.class_labels,
            is_pilot=bool(row.is_pilot),
            theme_day=row.theme_day or "",
        )
        self.by_row[row.row] = organization
        return organization

    def _next_number(self, parent: Organization, *, is_new: bool) -> int:
        if parent.pk not in self.numbers:
            last = "" if is_new else _last_path(parent)
            self.numbers[parent.pk] = int(last[-paths.WIDTH :], 36) if last else 0
        self.numbers[parent.pk] += 1
        return self.numbers[parent.pk]

    def _change(self, one: TreeDifference) -> None:
        row = Organization.objects.select_for_update().get(pk=one.organization)
        after = {change.field: change.after for change in one.changes}
        after = {name: str(value) if name == "field" else value for name, value in after.items()}
        before = {name: getattr(row, name) for name in after}
        for name, value in after.items():
            setattr(row, name, value)
        row.save(update_fields=list(after))
        if after.keys() & {"name", "short_name"}:
            places.correct_place(row)
        self.journal.note_change("organization", row.pk, before, after)


def _last_path(parent: Organization) -> str:
    """The greatest path ever given right below: a path is given once and never again."""
    taken = Place.objects.filter(
        parent=parent, path__gt=parent.path, path__lt=paths.successor(parent.path)
    )
    given = taken.aggregate(last=Max("path"))["last"] or ""
    return max(given, parent.children.aggregate(last=Max("path"))["last"] or "")
