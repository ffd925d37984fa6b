"""`zhibu plan` and `zhibu holidays`: draft, export and import tables, import the public calendar."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click
from django.db.models import Q
from tqdm import tqdm

from zhibu.documents.table_reading import read_table_xlsx
from zhibu.documents.table_writing import write_table_xlsx
from zhibu.network.themes.services import draft_table
from zhibu.norms.facts import NormMissing
from zhibu.ops import wording
from zhibu.ops.saving import refuse_taken, write_whole
from zhibu.org.models import Organization
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.plans.models import Plan
from zhibu.plans.queries import find_plan
from zhibu.plans.services import (
    HolidaysFaulty,
    ImportPreview,
    PlanExists,
    apply_import,
    import_holidays,
    plan_table,
    preview_import,
)
from zhibu.web import clock

LARGEST_HOLIDAYS = 1_000_000  # bytes

YearArgument = click.argument("year", type=click.IntRange(1921, 2200), metavar="年度")
ByOption = click.option("--by", "username", required=True, metavar="用户名", help="以谁的名义办理")
InputFile = click.Path(exists=True, dir_okay=False, path_type=Path)
OutputFile = click.Path(dir_okay=False, path_type=Path)


@click.group()
def plan() -> None:
    """年度安排表：起草、导出、导入。

    党支部可写全称、简称或编号；名称不唯一时请写编号。
    """


@plan.command("draft")
@click.argument("names", nargs=-1, required=True, metavar="党支部……")
@click.option(
    "--year", "-y", type=click.IntRange(1921, 2200), required=True, metavar="年度", help="哪一年"
)
@click.option("--below", is_flag=True, help="所写的是上级组织，为其下全部党支部起草")
@ByOption
def draft(*, names: Sequence[str], year: int, below: bool, username: str) -> int:
    """按工作规范起草年度安排表。已有的不动。"""
    by = find_person(username)
    branches = [branch for name in names for branch in find_branches(name, below=below)]
    drafted, failed = 0, 0
    for branch in tqdm(branches, desc="起草", unit="支部", disable=len(branches) < 5 or None):
        try:
            draft_table(branch=branch, year=year, by=by, at=clock.now())
            drafted += 1
        except PlanExists:
            tqdm.write(f"{branch.short_name}：{year}年度安排表已有，略过。")
        except (Refused, NormMissing) as error:
            failed += 1
            with tqdm.external_write_mode():
                click.secho(f"{branch.short_name}：{error}", err=True, fg="red")
    click.echo(f"起草{drafted}份，未能起草{failed}份。")
    return 1 if failed else 0


@plan.command("export")
@click.argument("name", metavar="党支部")
@YearArgument
@click.option("-o", "--output", type=OutputFile, metavar="文件", help="存到哪个文件")
@click.option("--force", is_flag=True, help="文件已有时覆盖")
def export(*, name: str, year: int, output: Path | None, force: bool) -> int:
    """把年度安排表导出为 Excel 文件。"""
    held = need_plan(name, year)
    target = output or Path(wording.file_name(f"{held.branch.short_name}{year}年度安排表.xlsx"))
    refuse_taken(target, force=force)
    write_whole(target, write_table_xlsx(plan_table(held, today=clock.today())))
    click.echo(f"已导出：{target}")
    return 0


@plan.command("import")
@click.argument("name", metavar="党支部")
@YearArgument
@click.argument("file", type=InputFile, metavar="文件")
@click.option("--apply", "is_applied", is_flag=True, help="不再询问，直接导入")
@click.option("--reason", default="", metavar="理由", help="安排表通过后再改，须写明理由")
@ByOption
def import_sheet(
    *, name: str, year: int, file: Path, is_applied: bool, reason: str, username: str
) -> int:
    """导入在 Excel 中改过的年度安排表。

    先逐项列出改动和问题，确认后才导入。有问题的文件一行也不导入。
    """
    held, by = need_plan(name, year), find_person(username)
    preview = preview_import(held, read_table_xlsx(file.read_bytes(), year=year))
    tell_preview(file, preview)
    if preview.faults:
        raise click.ClickException("文件有问题，没有导入。请改正后再试。")
    if not preview.changes:
        click.echo("没有改动，不需要导入。")
        return 0
    if not is_applied and not click.confirm("确认导入以上改动吗？"):
        raise click.Abort
    try:
        apply_import(
            plan=held, preview=preview, revision=preview.revision, by=by, at=clock.now(),
            reason=reason,
        )  # fmt: skip
    except Refused as error:
        raise click.ClickException(f"{file}：{error}") from error
    click.echo(f"已导入{len(preview.changes)}项改动。")
    return 0


@click.group()
def holidays() -> None:
    """节假日：导入放假调休安排。"""


HOLIDAYS_HELP = """\
从文件导入放假和调休，供不联网的单位使用。

\b
CSV 文件每行一天，依次为日期、名称、休或班：
  2027-02-05,春节,休
  2027-01-30,春节,班
也可用 TOML：[[day]] date = 2027-02-05, name = "春节", working = false

同一年度以前导入的内容会被替换。
"""


@holidays.command("import", help=HOLIDAYS_HELP)
@click.argument("file", type=InputFile, metavar="文件")
def import_file(*, file: Path) -> int:
    """Import the published holidays from a file."""
    if file.stat().st_size > LARGEST_HOLIDAYS:
        raise click.ClickException(f"{file}：文件过大，请检查是否选错文件。")
    try:
        text = read_text(file)
        years = import_holidays(text=text, by=None, at=clock.now())
    except HolidaysFaulty as error:
        for fault in error.faults:
            place = f"{file}:{fault.line}" if fault.line else str(file)
            click.secho(f"{place}：{fault.reason}", err=True, fg="red")
        raise click.ClickException("文件有问题，没有导入。") from error
    click.echo(f"已导入{'、'.join(map(str, years))}年的放假安排。请在安排表中核对受影响的日期。")
    return 0


def read_text(file: Path) -> str:
    """The text of a file in UTF-8, or in the encoding that Chinese Excel writes."""
    content = file.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise click.ClickException(f"{file}：不是文本文件，请另存为 UTF-8 编码的 CSV。")


def tell_preview(file: Path, preview: ImportPreview) -> None:
    """What the sheet would change, and what is wrong with it, row by row."""
    for fault in preview.faults:
        place = f"{file} 第{fault.row}行" if fault.row else str(file)
        column = f"“{fault.column}”" if fault.column else ""
        click.secho(f"{place}{column}：{fault.reason}", err=True, fg="red")
    for change in preview.changes:
        click.echo(f"第{change.row}行　{'修改' if change.line else '新增'}　{change.title}")
        for one in change.changes:
            click.echo(f"　　{one.label}：{one.before or '（空）'} → {one.after or '（空）'}")
    if preview.kept and not preview.faults:
        click.echo(f"文件中没有的{len(preview.kept)}项安排保持不变。")
    if preview.is_outdated:
        click.echo("注意：文件导出之后，安排表又有改动，请核对。")


def find_person(username: str) -> Person:
    """The account with this name; an error that says so when there is none."""
    person = Person.objects.filter(username=username, is_active=True).first()
    if person is None:
        raise click.ClickException(f"没有用户名为“{username}”的启用账号。")
    return person


def find_organization(name: str) -> Organization:
    """The one organisation of this full name, short name or key."""
    try:
        condition = Q(pk=UUID(name))
    except ValueError:
        condition = Q(name=name) | Q(short_name=name)
    found = list(Organization.objects.filter(condition).order_by("path")[:6])
    if not found:
        raise click.ClickException(f"没有找到“{name}”，请写全称、简称或编号。")
    if len(found) > 1:
        listed = "\n".join(f"  {row.pk}  {row.name}" for row in found)
        raise click.ClickException(f"名称“{name}”不唯一，请改写编号：\n{listed}")
    return found[0]


def find_branches(name: str, *, below: bool) -> list[Organization]:
    """The branch of this name, or all that hang below the organisation of this name."""
    organization = find_organization(name)
    if below:
        return list(
            Organization.objects.under(organization.path).branches().standing_on(clock.today())
        )
    if organization.kind != Organization.Kind.BRANCH:
        raise click.ClickException(f"“{organization.name}”不是党支部；其下全部党支部请加 --below。")
    return [organization]


def need_plan(name: str, year: int) -> Plan:
    """The table of a branch and year; an error that says so when there is none."""
    (branch,) = find_branches(name, below=False)
    held = find_plan(branch, year)
    if held is None:
        raise click.ClickException(
            f"{branch.short_name}还没有{year}年度安排表，可执行 "
            f"zhibu plan draft {branch.short_name} --year {year} --by 用户名 起草。"
        )
    return held
