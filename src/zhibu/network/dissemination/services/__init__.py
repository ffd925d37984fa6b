"""The verbs of dissemination: write, issue, amend, forward, recall; reach somebody; remind."""

from __future__ import annotations

from zhibu.network.dissemination.facts import TextDraft
from zhibu.network.dissemination.refusals import (
    NotForYou,
    RemindedToday,
    TextConflict,
    TextIncomplete,
    TextRefused,
    VersionGone,
    VisitRefused,
)
from zhibu.network.dissemination.services.folding import fold_all, fold_reach
from zhibu.network.dissemination.services.issuing import (
    amend_text,
    forward_text,
    issue_text,
    recall_text,
)
from zhibu.network.dissemination.services.jobs import remind, run_jobs, subject_of
from zhibu.network.dissemination.services.meetings import follow_record, forget_part
from zhibu.network.dissemination.services.receipts import acknowledge
from zhibu.network.dissemination.services.visits import record_visit, withdraw_visit
from zhibu.network.dissemination.services.writing import (
    add_file,
    discard_text,
    draft_text,
    remove_file,
    save_text,
)

__all__ = [
    "NotForYou",
    "RemindedToday",
    "TextConflict",
    "TextDraft",
    "TextIncomplete",
    "TextRefused",
    "VersionGone",
    "VisitRefused",
    "acknowledge",
    "add_file",
    "amend_text",
    "discard_text",
    "draft_text",
    "fold_all",
    "fold_reach",
    "follow_record",
    "forget_part",
    "forward_text",
    "issue_text",
    "recall_text",
    "record_visit",
    "remind",
    "remove_file",
    "run_jobs",
    "save_text",
    "subject_of",
    "withdraw_visit",
]
