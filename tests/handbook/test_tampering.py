"""A thousand random alterations behind our back, in every stored column: `verify` finds each one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, models, transaction
from tests.handbook.history import make_history
from tests.handbook.scene import Scene

from zhibu.handbook.models import Attachment, Record, RecordVersion, Redaction
from zhibu.handbook.verification import verify_database
from zhibu.handbook.versions import identity_of
from zhibu.ledger.models import ChainHead, Seal
from zhibu.plans.models import PlanLine
from zhibu.rules import digests
from zhibu.rules.chains import FaultKind

ALTERATIONS = 1000

# What is drafted is free; every other column of what was filed is verified.
FREE = {Record: {"draft", "revision", "drafted_by", "drafted_at"}, Attachment: {"in_draft"}}
PROVED: dict[type[models.Model], tuple[str, ...]] = {
    model: tuple(
        field.column
        for field in model._meta.concrete_fields
        if field.name not in FREE.get(model, set())
    )
    for model in (RecordVersion, Record, ChainHead, Seal, Attachment, Redaction)
} | {PlanLine: ("discharged_by", "happened_on", "filed_on")}


def stored(model: type[models.Model]) -> list[models.Model]:
    """The rows that count, in a fixed order."""
    if model is PlanLine:
        return list(PlanLine.objects.filter(discharged_by__isnull=False).order_by("pk"))
    return list(model._default_manager.order_by("pk"))


def altered(value: Any, dice: random.Random, others: list[Any]) -> Any:
    """Another value of the same kind: near it, or one that stands elsewhere in the column."""
    elsewhere = [other for other in others if other != value]
    if elsewhere and dice.random() < 0.25:
        return dice.choice(elsewhere)
    if isinstance(value, str) and value:
        return altered_text(value, dice)
    if isinstance(value, bool):
        return not value
    for kind, change in (
        (int, lambda v: max(0, v + dice.choice((-2, -1, 1, 7)))),
        (
            datetime,
            lambda v: v + timedelta(microseconds=dice.choice((1, -1_000_000, 86_400_000_000))),
        ),
        (date, lambda v: v + timedelta(days=dice.choice((-365, -1, 1)))),
        (UUID, lambda v: dice.choice((uuid4(), UUID(int=v.int ^ 1)))),
    ):
        if isinstance(value, kind):
            return change(value)
    return dice.choice(elsewhere or ["x"])


def altered_text(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text))
    changes: list[Callable[[], str]] = [
        lambda: text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :],
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + " " + text[at:],
        lambda: text[:at] + "改" + text[at:],
        lambda: text + dice.choice((" ", "\n", "0")),
        text.upper,
        lambda: "",
        lambda: text[at:] + text[:at],
    ]
    return dice.choice(changes)()


def update(dice: random.Random, model: type[models.Model]) -> str:
    column = dice.choice(PROVED[model])
    field = next(f for f in model._meta.concrete_fields if f.column == column)
    rows = stored(model)
    row = dice.choice(rows)
    before = getattr(row, field.attname)
    if before is None:
        after: Any = altered(None, dice, [getattr(other, field.attname) for other in rows])
    else:
        after = altered(before, dice, [getattr(other, field.attname) for other in rows])
        if field.null and dice.random() < 0.1:
            after = None
    if after == before:
        return ""
    plain = models.QuerySet(model)
    plain.filter(pk=row.pk).update(**{field.attname: after})
    return f"{model.__name__}.{column} of {row.pk}: {before!r} -> {after!r}"


def delete(dice: random.Random, model: type[models.Model]) -> str:
    row = dice.choice(stored(model))
    table = model._meta.db_table
    column = model._meta.pk.column
    value = model._meta.pk.get_db_prep_value(row.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [value])
    return f"delete {model.__name__} {row.pk}"


def insert(dice: random.Random, model: type[models.Model]) -> str:
    rows = stored(model)
    row = dice.choice(rows)
    row.pk = uuid4()
    if isinstance(row, RecordVersion):
        row.submission = uuid4()
        row.sequence = max(other.sequence for other in rows) + 1  # type: ignore[attr-defined]
        row.version = dice.choice((row.version, row.version + 1, 9))
    if isinstance(row, Seal):
        row.sequence += dice.choice((-1, 1, 2))
    if isinstance(row, Redaction):
        row.part = dice.choice(digests.PARTS)
    if isinstance(row, Record):
        row.current_id = row.current_id if dice.random() < 0.5 else uuid4()
    models.QuerySet(model).bulk_create([row])
    return f"insert {model.__name__} like {row.pk}"


def swap(dice: random.Random, model: type[models.Model]) -> str:
    """Two rows exchange one column, or their places in the chain."""
    rows = stored(model)
    if len(rows) < 2:
        return ""
    first, second = dice.sample(rows, 2)
    column = dice.choice(PROVED[model])
    field = next(f for f in model._meta.concrete_fields if f.column == column)
    if field.primary_key or isinstance(field, models.BooleanField):
        return ""
    values = getattr(first, field.attname), getattr(second, field.attname)
    if values[0] == values[1]:
        return ""
    if field.unique or column == "sequence":
        spare = 9999 if isinstance(field, models.IntegerField) else uuid4()
        models.QuerySet(model).filter(pk=first.pk).update(**{field.attname: spare})
    models.QuerySet(model).filter(pk=second.pk).update(**{field.attname: values[0]})
    models.QuerySet(model).filter(pk=first.pk).update(**{field.attname: values[1]})
    return f"swap {model.__name__}.{column}: {values!r}"


def drop_and_close_up(dice: random.Random, _: type[models.Model]) -> str:
    """An entry is taken out and those behind it move up, head included."""
    rows: list[Any] = stored(RecordVersion)
    rows.sort(key=lambda row: row.sequence)
    gone = dice.choice(rows)
    with connection.cursor() as cursor:
        key = RecordVersion._meta.pk.get_db_prep_value(gone.pk, connection)
        cursor.execute(f"DELETE FROM {RecordVersion._meta.db_table} WHERE id = %s", [key])
    for row in rows[gone.sequence :]:
        RecordVersion.objects.filter(pk=row.pk).update(sequence=row.sequence - 1)
    last = [row for row in rows if row is not gone][-1]
    ChainHead.objects.update(sequence=len(rows) - 1, link=last.link)
    return f"close up over {gone.sequence}"


def rewrite(dice: random.Random, _: type[models.Model]) -> str:
    """Minutes are changed and digest, link and all links behind are made to fit."""
    rows: list[Any] = stored(RecordVersion)
    rows.sort(key=lambda row: row.sequence)
    at = dice.randrange(len(rows))
    if not rows[at].minutes:
        return ""
    rows[at].minutes = rows[at].minutes[:-1] + "改" + '"'
    reach = dice.choice((1, len(rows)))
    previous = rows[at].previous
    for row in rows[at : at + reach]:
        texts = [getattr(row, part) for part in digests.PARTS]
        salts = digests.split(row.salts)
        row.digests = " ".join(
            kept if salt == "-" else digests.digest_part(text, salt)
            for text, salt, kept in zip(texts, salts, row.digests.split(" "), strict=True)
        )
        row.previous = previous
        row.link = digests.link_digest(
            previous, digests.digest_version(identity_of(row), row.digests)
        )
        previous = row.link
        row.save()
    if reach > 1:
        ChainHead.objects.update(link=previous)
    return f"rewrite {reach} from {at + 1}"


KINDS = [update] * 12 + [delete] * 2 + [insert, swap, swap, drop_and_close_up, rewrite]


@pytest.mark.slow
def test_a_thousand_alterations(scene: Scene) -> None:
    """Each alteration that the database itself lets through is found."""
    make_history(scene)
    dice = random.Random(20170929)
    models_ = [RecordVersion] * 6 + [Record, ChainHead, Seal, Seal, Attachment, Redaction, PlanLine]
    missed: list[str] = []
    found: Counter[FaultKind] = Counter()
    made = 0
    while made < ALTERATIONS:
        kind, model = dice.choice(KINDS), dice.choice(models_)
        try:
            with transaction.atomic():
                what = kind(dice, model)
                if what:
                    faults = [o.fault for o in verify_database(has_bytes=True) if o.fault]
                    made += 1
                    found.update(fault.kind for fault in faults)
                    if not faults:
                        missed.append(what)
                transaction.set_rollback(True)
        except DatabaseError:
            continue  # a constraint stood in the way
    assert missed == []
    assert [outcome.fault for outcome in verify_database(has_bytes=True)] == [None]
    assert len(found) >= 9, found
