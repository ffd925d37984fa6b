"""The verbs of the annual table. Each is one transaction and, where it stands alone, one ledger line."""

from __future__ import annotations

from zhibu.plans.services.beginning import Beginning, begin_use
from zhibu.plans.services.desk import LineKept, LineRefused, PlanConflict, PlanExists
from zhibu.plans.services.discharge import discharge_lines, release_lines
from zhibu.plans.services.drafting import adopt_plan, draft_plan, take_up
from zhibu.plans.services.editing import (
    add_line,
    edit_line,
    remove_line,
    restore_line,
    waive_line,
    why_kept,
)
from zhibu.plans.services.endings import lapse_lines
from zhibu.plans.services.holidays import (
    HolidayFault,
    HolidayProposal,
    HolidaysFaulty,
    apply_holiday_proposals,
    import_holidays,
    recheck_holidays,
)
from zhibu.plans.services.redraft import Redraft, Shift, apply_redraft, redraft
from zhibu.plans.services.sheets import (
    FieldChange,
    ImportPreview,
    RowChange,
    apply_import,
    plan_table,
    preview_import,
    renew_preview,
)
from zhibu.plans.services.tallies import fold_tallies, move_tallies

__all__ = [
    "Beginning",
    "FieldChange",
    "HolidayFault",
    "HolidayProposal",
    "HolidaysFaulty",
    "ImportPreview",
    "LineKept",
    "LineRefused",
    "PlanConflict",
    "PlanExists",
    "Redraft",
    "RowChange",
    "Shift",
    "add_line",
    "adopt_plan",
    "apply_holiday_proposals",
    "apply_import",
    "apply_redraft",
    "begin_use",
    "discharge_lines",
    "draft_plan",
    "edit_line",
    "fold_tallies",
    "import_holidays",
    "lapse_lines",
    "move_tallies",
    "plan_table",
    "preview_import",
    "recheck_holidays",
    "redraft",
    "release_lines",
    "remove_line",
    "renew_preview",
    "restore_line",
    "take_up",
    "waive_line",
    "why_kept",
]
