"""Deriving and judging a year of duties in the pure core: lines per second on one core."""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta
from pathlib import Path

from ground import ROOT, Result, options, tell

sys.path.insert(0, str(ROOT))

from tests.rules.samples import branch, group, member

from zhibu.rules.branches import BranchFacts, Span, TermFacts
from zhibu.rules.duties import derive_duties
from zhibu.rules.norm import Norm
from zhibu.rules.packs import read_pack
from zhibu.rules.standing import LineFacts, judge_line

TODAY = date(2026, 11, 23)
LONG_AGO = date(2012, 3, 1)


def load_norm(name: str = "branch") -> Norm:
    """The norm of branches as it is shipped."""
    found = sorted((ROOT / "catalogue").rglob("*.toml"))
    sources = {path.stem: path for path in found}
    path: Path = next(p for stem, p in sources.items() if stem.startswith(name))
    return read_pack(path.read_text(encoding="utf-8"), lambda _: None)


def make_branch(number: int) -> BranchFacts:
    """A branch of 25 members, two groups, a committee; no two have the same facts."""
    since = LONG_AGO + timedelta(days=number % 3000)
    return branch(
        *(
            member(
                f"b{number}m{at}", since, group=f"g{at % 2 + 1}",
                committee=(Span(since),) if at < 5 else (),
            )
            for at in range(25)
        ),
        since=since,
        groups=(group("g1"), group("g2")),
        terms=(TermFacts(1, Span(date(2024, 1 + number % 12, 1), date(2027, 1 + number % 12, 1))),),
        theme_day="friday:2",
    )  # fmt: skip


def judge_year(norm: Norm, facts: BranchFacts) -> int:
    """All lines of a branch's year, each judged; how many."""
    duties = derive_duties(norm, facts, TODAY.year)
    for at, duty in enumerate(duties):
        window = duty.window
        done = window.opens if at % 3 else None
        judge_line(LineFacts(window.opens, window.due, window.due, done, done), TODAY)
    return len(duties)


def measure(sizes: tuple[int, ...]) -> list[Result]:
    """Seconds of the processor, which other work on the machine does not lengthen much."""
    norm = load_norm()
    costs: dict[int, float] = {}
    rates: dict[int, float] = {}
    for size in sizes:
        spent, lines = 0.0, 0
        for start in range(0, size, 500):  # the facts themselves are no part of the measure
            portion = [make_branch(number) for number in range(start, min(size, start + 500))]
            began = time.process_time()
            lines += sum(judge_year(norm, facts) for facts in portion)
            spent += time.process_time() - began
        costs[size], rates[size] = spent / size, lines / spent
        print(f"{size} branches: {lines} lines, {rates[size]:,.0f} lines/s, "
              f"{costs[size] * 1e6:.0f} µs a branch")  # fmt: skip
    flat = costs[sizes[-1]] / costs[sizes[0]]
    said = "; ".join(f"{s:,} branches {costs[s] * 1e6:.0f} µs each" for s in sizes)
    return [
        Result("duties", "lines derived and judged a second on one core", min(rates.values()),
               50_000, "lines/s", notes=(f"norm {norm.pack}@{norm.version}, {said}",)),
        Result("duties", f"cost per branch, {sizes[-1]:,} against {sizes[0]:,} branches", flat,
               1.25, "×", is_most=True),
    ]  # fmt: skip


if __name__ == "__main__":
    asked = options(__doc__).parse_args()
    tell(measure((100, 1000) if asked.quick else (100, 1000, 10_000)))
