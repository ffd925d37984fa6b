"""A text that is recalled while it is being announced: nothing that names it is left to be sent."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.handbook.test_concurrency import PATIENCE, at_once
from tests.network.dissemination.scene import AT, HOUR, Town, work

from zhibu.network.dissemination.models import TextJob
from zhibu.network.dissemination.services import issue_text, jobs, recall_text
from zhibu.network.notices.models import Channel, Message, Notice


def test_recalled_while_a_worker_announces_it(
    live_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chat of a branch and the readers hear of it before the recall, or never."""
    town = live_town
    office, branch = town.cast.office, town.cast.branch
    town.account(town.members(branch)[0])
    Channel.objects.create(
        organization=branch, tool=Channel.Tool.WECOM, target="https://chat.example/?key=k",
        host="chat.example", verified_at=AT, made_at=AT,
    )  # fmt: skip
    draft = town.draft()
    text = issue_text(text=draft, revision=draft.revision, by=office, at=AT)
    TextJob.objects.filter(kind="count").update(finished_at=AT)
    announcing, recalled = threading.Event(), threading.Event()
    tell = jobs._tell_readers

    def slowly(job: TextJob, at: Any) -> None:
        announcing.set()
        recalled.wait(timeout=2)  # with the text held nobody recalls it meanwhile
        tell(job, at)

    monkeypatch.setattr(jobs, "_tell_readers", slowly)

    def recall() -> None:
        announcing.wait(timeout=PATIENCE)
        recall_text(text=text, reason="发错了", by=office, at=AT + HOUR)
        jobs.run_jobs(AT + HOUR)
        recalled.set()

    answers = at_once(lambda: jobs.run_jobs(AT + HOUR), recall)
    assert not [answer for answer in answers if isinstance(answer, Exception)], answers
    work(AT + HOUR)
    assert announcing.is_set()
    assert not TextJob.objects.filter(finished_at__isnull=True).exists()
    assert not Message.objects.exists()
    assert not Notice.objects.exists()
