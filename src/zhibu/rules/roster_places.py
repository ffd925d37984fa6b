"""The branches and groups that a roster may name, found by what people call them."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from zhibu.rules.roster_faults import Fault

MOST_GUESSES: Final = 30  # different unknown names that are compared with all; each costs
NEAREST: Final = 3
_MARKS: Final = re.compile(r"[\s()（）《》“”\"'·.,，。、_\-—]")
_DIGITS: Final = str.maketrans("0123456789", "〇一二三四五六七八九")
_LEADING: Final = re.compile(r"^(中国共产党|中共)")


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A branch, or a group (`branch` names what it belongs to). Keys are plain text."""

    key: str
    name: str
    short_name: str = ""
    branch: str = ""


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a row belongs: keys; group None when the file says nothing, "" for no group."""

    branch: str = ""
    group: str | None = None
    faults: tuple[Fault, ...] = ()


def fold_place(name: str) -> str:
    """A name without blanks, marks, 中共 and the width of its characters; 第1 is 第一."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", name))
    return _LEADING.sub("", plain).translate(_DIGITS)


class Places:
    """Finds branches and groups by name; remembers each spelling.

    `default` is the key of the branch that is meant when the file names none (a branch that imports
    its own roster).
    """

    def __init__(
        self, branches: Iterable[KnownPlace], groups: Iterable[KnownPlace] = (), default: str = ""
    ) -> None:
        self._names: dict[str, str] = {}
        self._full: dict[str, set[str]] = defaultdict(set)
        self._short: dict[str, set[str]] = defaultdict(set)
        for one in branches:
            self._names[one.key] = one.name
            self._full[fold_place(one.name)].add(one.key)
            if one.short_name:
                self._short[fold_place(one.short_name)].add(one.key)
        self._groups: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for one in groups:
            self._names[one.key] = one.short_name or one.name
            for name in {one.name, one.short_name, one.key} - {""}:
                self._groups[one.branch][fold_place(name)].add(one.key)
        self._default = default
        self._found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
        self._guesses = 0

    def name(self, key: str) -> str:
        """The name of a place by its key; "" for none."""
        return self._names.get(key, "")

    def is_called(self, key: str, name: str) -> bool:
        """Whether a place is known by this name; no name at all may be any."""
        return not name or fold_place(self.name(key)) == fold_place(name)

    def branch(self, name: str) -> tuple[str, str, tuple[str, ...]]:
        """Key, rule of the fault ("" for none), and the names that may have been meant."""
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._look_up(name)
        return found

    def seat(self, branch: str, group: str | None, row: int) -> Seat:
        """Where a row belongs, with what is wrong about it."""
        if not branch:
            if self._default:
                return self.seat_in(self._default, group, row)
            return Seat(faults=(Fault(row, "branch", "ROSTER-22"),))
        key, rule, nearest = self.branch(branch)
        if rule:
            facts = {"text": branch[:40], "nearest": nearest}
            return Seat(faults=(Fault(row, "branch", rule, facts=facts),))
        return self.seat_in(key, group, row)

    def seat_in(self, branch: str, group: str | None, row: int) -> Seat:
        """The group of a branch that is known by its key."""
        if not group:
            return Seat(branch, group)
        groups = self._groups.get(branch, {})
        found = groups.get(fold_place(group)) or groups.get(fold_place(f"{group}党小组"))
        if found and len(found) == 1:
            return Seat(branch, next(iter(found)))
        names = tuple(sorted({self._names[key] for keys in groups.values() for key in keys}))
        facts = {"text": group[:40], "place": self.name(branch), "nearest": names[:10]}
        rule = "ROSTER-25" if names else "ROSTER-42"
        return Seat(branch, None, (Fault(row, "group", rule, facts=facts),))

    def _look_up(self, name: str) -> tuple[str, str, tuple[str, ...]]:
        wanted = fold_place(name)
        for table in (self._full, self._short):
            keys = table.get(wanted)
            if keys and len(keys) == 1:
                return next(iter(keys)), "", ()
            if keys:
                return "", "ROSTER-24", tuple(sorted(self._names[key] for key in keys))[:NEAREST]
        return "", "ROSTER-23", self._nearest(wanted)

    def _nearest(self, wanted: str) -> tuple[str, ...]:
        self._guesses += 1
        if self._guesses > MOST_GUESSES:
            return ()
        by_fold = {
            name: key
            for table in (self._short, self._full)
            for name, keys in table.items()
            for key in keys
        }
        close = difflib.get_close_matches(wanted[:60], by_fold, n=NEAREST + 2, cutoff=0.5)
        names = dict.fromkeys(self._names[by_fold[one]] for one in close)
        return tuple(names)[:NEAREST]
