"""When one demand is at least as strict as another: what an extending pack may change."""

from __future__ import annotations

from fractions import Fraction
from math import lcm

from zhibu.rules.norm import Cadence, PracticeClass, Threshold, Unit
from zhibu.rules.verdicts import Severity

_UNIT_MONTHS = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.HALF: 6, Unit.YEAR: 12}
_RANK = {PracticeClass.X: 0, PracticeClass.T: 1, PracticeClass.B: 2}
_WEIGHT = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.ERROR: 2}


def is_class_kept(new: PracticeClass, old: PracticeClass) -> bool:
    """Whether the class is the same or higher: X below T below B."""
    return _RANK[new] >= _RANK[old]


def is_severity_kept(new: Severity, old: Severity) -> bool:
    """Whether an element of a record weighs the same or more."""
    return _WEIGHT[new] >= _WEIGHT[old]


def is_cadence_kept(new: Cadence, old: Cadence) -> bool:
    """Whether whoever keeps the new rhythm has surely kept the old one."""
    if old.is_fixed_day and not new.is_fixed_day:
        return False
    if new.unit in _UNIT_MONTHS and old.unit in _UNIT_MONTHS:
        return _fills_windows(new, old)
    if new.unit is not old.unit:
        return False
    if new.unit is Unit.TERM:
        return new.times * old.every >= old.times * new.every and _narrows(new.months, old.months)
    if new.after is not old.after or new.times < old.times:
        return False
    return old.within_months == 0 or 0 < new.within_months <= old.within_months


def is_threshold_kept(new: Threshold | None, old: Threshold | None) -> bool:
    """Whether reaching the new share means having reached the old one."""
    if old is None:
        return True
    if new is None or new.basis is not old.basis:
        return False
    return (new.share, new.is_strict) >= (old.share, old.is_strict)


def _narrows(new: tuple[int, ...], old: tuple[int, ...]) -> bool:
    return not old or (bool(new) and set(new) <= set(old))


def _windows(cadence: Cadence, horizon: int) -> list[frozenset[int]]:
    """The months (counted from 0) that each period within the horizon leaves open."""
    length = _UNIT_MONTHS[cadence.unit] * cadence.every
    allowed = set(cadence.months) or set(range(1, 13))
    spans = (range(start, start + length) for start in range(0, horizon, length))
    windows = (frozenset(m for m in span if m % 12 + 1 in allowed) for span in spans)
    return [window for window in windows if window]


def _fills_windows(new: Cadence, old: Cadence) -> bool:
    """Whether every period of the old rhythm holds enough whole periods of the new one."""
    horizon = lcm(12, *(_UNIT_MONTHS[c.unit] * c.every for c in (new, old)))
    offered = _windows(new, horizon)
    return all(
        sum(new.times for window in offered if window <= asked) >= old.times
        for asked in _windows(old, horizon)
    )


def yearly_rate(cadence: Cadence) -> Fraction | None:
    """How many times a year on the average; None where that depends on terms or events."""
    if cadence.unit not in _UNIT_MONTHS:
        return None
    horizon = lcm(12, _UNIT_MONTHS[cadence.unit] * cadence.every)
    return Fraction(len(_windows(cadence, horizon)) * cadence.times * 12, horizon)
