"""A branch with a long and varied history: filings, corrections, voids, redactions, seals, files."""

from __future__ import annotations

import io
import random
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.handbook.scene import AT, Scene

from zhibu.handbook.models import RecordVersion
from zhibu.handbook.services import (
    add_attachment,
    correct_record,
    file_record,
    redact_part,
    save_draft,
    start_correction,
    void_record,
)
from zhibu.ledger.services import countersign_seal, seal_branch
from zhibu.rules.norm import Activity

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def make_history(scene: Scene, count: int = 12, seed: int = 1) -> list[RecordVersion]:
    """File `count` records; some are corrected, some voided, one is redacted; two seals."""
    dice = random.Random(seed)
    by = scene.cast.secretary
    lines = scene.lines(Activity.LESSON)[:3] + scene.lines(Activity.MEMBERS_MEETING)[:1]
    versions: list[RecordVersion] = []
    for number in range(count):
        at = AT + timedelta(hours=number)
        changes: dict[str, Any] = {
            "began_at": datetime(2026, 1 + number % 3, 5 + number % 10, 14, 30),
            "ended_at": None,
            "topic": f"第{number + 1}次会议",
        }
        if number < len(lines):
            line = lines[number]
            both = (Activity.MEMBERS_MEETING, Activity.LESSON)
            changes |= {"lines": (str(line.id),), "activities": both}
        record = scene.start(**changes)
        if number % 3 == 0:
            stream = io.BytesIO(PNG + bytes([number]))
            add_attachment(record=record, name=f"照片{number}.png", stream=stream, by=by, at=at)
        versions.append(
            file_record(record=record, revision=record.revision, submission=uuid4(), by=by, at=at)
        )
        if number in {2, 5}:
            draft = start_correction(record=record, by=by, at=at)
            draft = save_draft(
                record=draft, revision=draft.revision, by=by, at=at,
                draft=scene.content(**{**changes, "place": "改在二楼"}),
            )  # fmt: skip
            versions.append(
                correct_record(
                    record=draft, revision=draft.revision, submission=uuid4(), by=by,
                    at=at + timedelta(days=3), reason="地点有误",
                )
            )  # fmt: skip
        if number == 7:
            versions.append(void_record(record=record, reason="重复", by=by, at=at))
        if number == count // 2:
            seal = seal_branch(branch=scene.branch, by=by, at=at)
            countersign_seal(
                seal=seal, organization=scene.cast.committee, by=scene.cast.office, at=at
            )
        if number == 4:
            redact_part(
                record=record,
                part="minutes",
                basis="个人信息保护法第四十七条",
                reason="本人申请删除",
                by=by,
                at=at,
            )
        if number == 8:
            redact_part(
                record=record,
                part="particulars",
                basis="个人信息保护法第四十七条",
                reason="本人申请删除",
                by=by,
                at=at,
            )
    seal_branch(branch=scene.branch, by=by, at=AT + timedelta(days=9))
    dice.shuffle(versions)
    return sorted(versions, key=lambda version: version.sequence)
