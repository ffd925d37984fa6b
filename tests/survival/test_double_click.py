"""A button pressed twice in one moment: what it does is done once, and the sender is not shown an error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import reverse
from tests.cast import client_of
from tests.handbook.scene import AT
from tests.handbook.test_concurrency import at_once
from tests.survival.pages import Form, forms_of, shape_of
from tests.web.world import ONLY_POST, World, make_world

from zhibu.people.models import Person, SentForm

ENDS = ("organization-dissolve", "organization-merge", "organization-split", "organization-move")
"""Sent last: what they end cannot be asked any more."""
WRITTEN_TOGETHER = {"record-edit", "text-edit", "plan-adopt"}
"""Their many buttons have races of their own, with revisions."""
TAKEN = frozenset({302, 303})
SAID = frozenset({200, 204, 404, 409, 422})
MAY_DOUBLE = {"ledger.Entry", "sessions.Session", "django_tasks_database.DBTaskResult"}
"""An edit done twice is noted twice; what is left to the worker is put down when all is done."""
TRIES = 3
WORDS = {
    "name": "第九党支部", "short_name": "九支部", "username": "somebody-new", "number": "9",
    "ends_on": "2029-03-11", "last_day": "2026-03-20", "until": "2026-12-31", "title": "志愿服务周","label": "政治面貌备注", "place": "三楼会议室",
    "address": "https://example.org/send?key=abcdef7654321",
}  # fmt: skip


def generous(form: Form) -> dict[str, list[str]]:
    """What the form would send with something sensible in whatever is empty."""
    sent = form.data()
    for one in form.fields:
        if one.kind in {"checkbox", "radio"}:
            sent.setdefault(one.name, [one.value or "on"])
        elif not any(text.strip() for text in sent.get(one.name, ["kept"])):
            sent[one.name] = [WORDS.get(one.name, "按上级要求办理")]
        if one.kind == "date" and not one.value:
            sent[one.name] = [WORDS.get(one.name, AT.date().isoformat())]
    return sent


@dataclass(frozen=True)
class Button:
    """What somebody sends where by pressing it; `shape` is alike for the same button elsewhere."""

    name: str
    person: Person
    address: str
    sent: dict[str, list[str]]
    shape: tuple[str, str]


def the_buttons(world: World) -> Iterator[Button]:
    """Every button of every form of every page."""
    for name, verb, thing in sorted(world.asked(), key=lambda one: one[0] in ENDS):
        people = world.people_who_may(name, verb, thing)
        if not people or name in ONLY_POST or name in WRITTEN_TOGETHER:
            continue
        address = reverse(name, args=thing.args)
        page = client_of(people[0]).get(address)
        if page.status_code != 200 or not page["Content-Type"].startswith("text/html"):
            continue
        for form in forms_of(page.content):
            pressed = [{one.name: [one.value]} for one in form.fields if one.kind == "submit"]
            goal = form.action or address
            for button in (pressed or [{}]) if form.method == "post" else []:
                sent = {**generous(form), **button, "csrfmiddlewaretoken": ["of this page"]}
                yield Button(name, people[0], goal, sent, (shape_of(goal), str(button)))


def counted() -> Counter[str]:
    """How many rows there are of everything."""
    return Counter(
        {model._meta.label: model._default_manager.count() for model in apps.get_models()}
    )


def press(button: Button) -> int:
    client = Client(raise_request_exception=False)
    client.force_login(button.person)
    return client.post(button.address, button.sent).status_code


def pressed_once(button: Button) -> Counter[str]:
    """How many rows more there would be."""
    before = counted()
    with transaction.atomic():
        press(button)
        more = counted() - before
        transaction.set_rollback(True)
    return more


@pytest.mark.usefixtures("transactional_db", "data_dir")
def test_every_button_pressed_twice_at_once(freeze: Callable[[datetime], None]) -> None:
    """Two requests with the same form in the same moment: no error, and no more rows than by one.

    A button that is not taken where it was first met is tried at two more places.
    """
    freeze(AT)
    world = make_world()
    tried: Counter[tuple[str, str]] = Counter()
    taken: dict[tuple[str, str], str] = {}
    wrong: list[Any] = []
    for button in the_buttons(world):
        if button.shape in taken or tried[button.shape] == TRIES:
            continue
        tried[button.shape] += 1
        once, before = pressed_once(button), counted()
        said = at_once(partial(press, button), partial(press, button))
        doubled = {
            label: count for label, count in ((counted() - before) - once).items()
            if label not in MAY_DOUBLE
        }  # fmt: skip
        if TAKEN & set(said):
            taken[button.shape] = button.name
        if doubled or not set(said) <= TAKEN | SAID:
            wrong.append((button.name, button.shape, said, doubled))
    assert not wrong, (len(wrong), wrong)
    assert len(taken) > 50, (len(taken), sorted(set(tried) - set(taken)))
    assert SentForm.objects.exists()
