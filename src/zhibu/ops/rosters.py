"""`zhibu roster` and `zhibu org`: members and organisations in from files, and out again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click
from django.db import transaction
from tqdm import tqdm

from zhibu.ledger.services import note
from zhibu.ops import wording
from zhibu.ops.plans import ByOption, InputFile, OutputFile, find_organization, find_person
from zhibu.ops.saving import refuse_taken, write_whole
from zhibu.org.imports import (
    ImportReport,
    confirm_import,
    decide_questions,
    discard_import,
    imports_of,
    marked_xlsx,
    organizations_xlsx,
    read_report,
    roster_xlsx,
    start_import,
    template_xlsx,
    undo_import,
)
from zhibu.org.models import Organization, RosterImport
from zhibu.org.services import Refused
from zhibu.people.models import Person
from zhibu.web import clock

LARGEST_FILE: Final = 64 * 1024 * 1024  # bytes; what is larger is not even read
MOST_LINES: Final = 60
MEMBERS: Final = RosterImport.Kind.MEMBERS
TREE: Final = RosterImport.Kind.ORGANIZATIONS
_COLOURS: Final = {"error": "red", "warning": "yellow", "note": None}

IntoOption = click.option(
    "--into",
    "place",
    required=True,
    metavar="组织",
    help="导入哪个组织及其下级（全称、简称或编号）",
)
SinceOption = click.option(
    "--since", type=click.DateTime(["%Y-%m-%d"]), metavar="日期",
    help="起算日期：文件没有写明转入、任职、成立日期的从这天算起；不写为今天",
)  # fmt: skip
DryOption = click.option("--dry-run", is_flag=True, help="只核对，不导入，什么也不留下")
MarkedOption = click.option(
    "--marked", type=OutputFile, metavar="文件", help="有问题的行标明后另存到这个文件"
)
ForceOption = click.option("--force", is_flag=True, help="文件已有时覆盖")
ToOption = click.option("-o", "--output", type=OutputFile, metavar="文件", help="存到哪个文件")


@click.group()
def roster() -> None:
    """党员花名册：导入、导出、模板、撤销导入。

    组织可写全称、简称或编号；名称不唯一时请写编号。
    """


@click.group()
def org() -> None:
    """党组织名册：导入、导出、模板、撤销导入。

    组织可写全称、简称或编号；名称不唯一时请写编号。
    """


@roster.command("import")
@click.argument("file", type=InputFile, metavar="文件")
@IntoOption
@ByOption
@SinceOption
@DryOption
@MarkedOption
@click.option(
    "--answer", "answers", multiple=True, metavar="疑问=答复",
    help="答复一个疑问；疑问的编号和可选的答复见核对结果，可写多次",
)  # fmt: skip
@click.option(
    "--full-on", type=click.Choice(["year_later", "mend"]), metavar="year_later|mend",
    help="正式党员没有转正时间时：year_later 按入党满一年登记；mend 退回补填",
)  # fmt: skip
def import_roster(
    *, file: Path, answers: Sequence[str], full_on: str | None, **options: Any
) -> int:
    """导入党员花名册（xlsx、xls、ods、csv）。

    全部无误才导入，有一处差错就一个也不导入。再次导入同一个文件不会有任何改动；
    文件中没有的党员不受影响。返回码：0 已导入（或核对无误），1 有差错或疑问。
    """
    decisions = dict(_split(answer) for answer in answers)
    if full_on:
        decisions["full_on"] = full_on
    return _import(MEMBERS, file, decisions, **options)


@org.command("import")
@click.argument("file", type=InputFile, metavar="文件")
@IntoOption
@ByOption
@SinceOption
@DryOption
@MarkedOption
def import_tree(*, file: Path, **options: Any) -> int:
    """导入党组织名册（xlsx、xls、ods、csv）。

    上级可以写名称、代码或层级，次序不限。全部无误才导入，有一处差错就一个也不导入。
    返回码：0 已导入（或核对无误），1 有差错。
    """
    return _import(TREE, file, {}, **options)


def _split(answer: str) -> tuple[str, str]:
    key, mark, value = answer.rpartition("=")
    if not mark:
        raise click.BadParameter(f"“{answer}”应写成 疑问=答复。", param_hint="--answer")
    return key, value


def _import(
    kind: str,
    file: Path,
    decisions: dict[str, str],
    *,
    place: str,
    username: str,
    since: Any,
    dry_run: bool,
    marked: Path | None,
) -> int:
    organization, by = find_organization(place), find_person(username)
    if file.stat().st_size > LARGEST_FILE:
        raise click.ClickException(
            f"{file} 超过{LARGEST_FILE // 1024 // 1024} MB，请分成几个文件。"
        )
    effective_on = since.date() if since else clock.today()
    if effective_on > clock.today():
        raise click.BadParameter("起算日期还没有到。", param_hint="--since")
    with transaction.atomic() if dry_run else _Plain():
        code = _run(kind, file, decisions, organization, by, effective_on, dry_run, marked)
        if dry_run:
            transaction.set_rollback(True)
    return code


class _Plain:
    """No transaction of our own: each step has its own."""

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def _run(
    kind: str,
    file: Path,
    decisions: dict[str, str],
    organization: Organization,
    by: Person,
    effective_on: date,
    dry_run: bool,
    marked: Path | None,
) -> int:
    with _Bar() as tell:
        held = start_import(
            organization=organization, kind=kind, content=file.read_bytes(), file_name=file.name,
            effective_on=effective_on, by=by, at=clock.now(), in_background=False, progress=tell,
        )  # fmt: skip
    if held.state == RosterImport.State.REFUSED:
        click.secho(f"错误：{file}：{held.message}", err=True, fg="red")
        return 1
    if decisions and held.may_decide:
        _check_answers(read_report(held), decisions)
        held = decide_questions(
            held=held, answers=decisions, by=by, at=clock.now(), in_background=False
        )
    report = read_report(held)
    _show(report, file)
    if marked is not None and (report.counts.faulty or report.counts.warned or report.counts.asked):
        write_whole(marked, marked_xlsx(held))
        click.echo(f"有问题的行已另存：{marked}")
    if not held.may_confirm:
        if not dry_run:
            discard_import(held=held, by=by, at=clock.now())
        click.secho("没有导入。请处理后重试。", err=True, fg="red")
        return 1
    if dry_run:
        click.echo("核对无误（没有导入）。")
        return 0
    return _confirm(held, by)


def _confirm(held: RosterImport, by: Person) -> int:
    try:
        with _Bar() as tell:
            held = confirm_import(
                held=held, by=by, at=clock.now(), in_background=False, progress=tell
            )
    except Refused as refusal:
        discard_import(held=held, by=by, at=clock.now())
        click.secho(f"没有导入：{refusal}", err=True, fg="red")
        return 1
    counts = read_report(held).counts
    click.echo(
        f"已导入：新增{counts.new}，更新{counts.changed}，没有变化{counts.same}。编号 {held.pk}"
    )
    return 0


def _check_answers(report: ImportReport, decisions: dict[str, str]) -> None:
    known = {one.key: [option.value for option in one.options] for one in report.questions}
    for key, value in decisions.items():
        if key not in known and key != "full_on":
            raise click.BadParameter(f"没有“{key}”这个疑问。", param_hint="--answer")
        if key in known and value not in known[key]:
            choices = "、".join(known[key])
            raise click.BadParameter(f"“{key}”的答复应为 {choices} 之一。", param_hint="--answer")


def _show(report: ImportReport, file: Path) -> None:
    """The report as lines: what was recognised, what is wrong, what is asked, what would change."""
    for remark in report.remarks:
        click.echo(remark)
    click.echo("识别的列：" + "、".join(one.label for one in report.columns))
    for left in report.ignored:
        click.echo(f"略过的列“{left.heading}”：{left.why}。")
    for fault in report.faults[:MOST_LINES]:
        where = f"{file} 第{fault.row}行" if fault.row else str(file)
        column = f"“{fault.column}”" if fault.column else ""
        text = f"{where}{column}：{fault.text}（{fault.rule}）"
        click.secho(text, err=True, fg=_COLOURS[fault.severity])
    if len(report.faults) > MOST_LINES:
        click.echo("……其余问题请用 --marked 另存后查看。", err=True)
    for question in report.questions[:MOST_LINES]:
        if not question.decided:
            where = f"第{question.row}行：" if question.row else ""
            options = "；".join(
                f"--answer {question.key}={o.value}（{o.label}）" for o in question.options
            )
            click.secho(f"疑问　{where}{question.text}\n　　{options}", err=True, fg="yellow")
    for change in report.changes[:MOST_LINES]:
        click.echo(f"第{change.row}行　更新　{change.name}")
        for field in change.fields:
            click.echo(f"　　{field.label}：{field.before} → {field.after}")
    counts = report.counts
    click.echo(
        f"共{counts.rows}行：新增{counts.new}，更新{counts.changed}，没有变化{counts.same}，"
        f"有差错{counts.faulty}，待核对{counts.warned}，待答复{counts.asked}；"
        f"系统中有而文件中没有的{counts.missing}个，不受影响。"
    )


class _Bar:
    """Progress on a terminal; nothing where nobody looks."""

    def __enter__(self) -> Callable[[str, int, int], None]:
        self._bar = tqdm(unit="行", disable=None, leave=False)
        return self._tell

    def _tell(self, phase: str, done: int, total: int) -> None:
        self._bar.set_description_str(phase, refresh=False)
        self._bar.total = total
        self._bar.n = done
        self._bar.refresh()

    def __exit__(self, *_: object) -> None:
        self._bar.close()


@roster.command("export")
@click.argument("name", metavar="组织")
@ByOption
@ToOption
@ForceOption
def export_roster(*, name: str, username: str, output: Path | None, force: bool) -> int:
    """导出组织及其下级的党员花名册，所有登记项齐全，可再导入。"""
    return _export(name, username, output, force, "党员花名册", roster_xlsx, "export_roster")


@org.command("export")
@click.argument("name", metavar="组织")
@ByOption
@ToOption
@ForceOption
def export_tree(*, name: str, username: str, output: Path | None, force: bool) -> int:
    """导出组织及其下级的党组织名册，可再导入。"""
    return _export(name, username, output, force, "党组织名册", organizations_xlsx, "export_tree")


def _export(
    name: str,
    username: str,
    output: Path | None,
    force: bool,
    title: str,
    write: Callable[..., bytes],
    verb: str,
) -> int:
    organization, by = find_organization(name), find_person(username)
    target = output or Path(wording.file_name(f"{organization.short_name}{title}.xlsx"))
    refuse_taken(target, force=force)
    content = write(organization, on=clock.today())
    note(by=by, verb=verb, organization_id=organization.pk, subject=organization, at=clock.now())
    write_whole(target, content)
    click.echo(f"已导出：{target}")
    return 0


@roster.command("template")
@ToOption
@ForceOption
def roster_template(*, output: Path | None, force: bool) -> int:
    """存一份党员花名册模板。"""
    return _template(MEMBERS, output or Path("党员花名册模板.xlsx"), force)


@org.command("template")
@ToOption
@ForceOption
def tree_template(*, output: Path | None, force: bool) -> int:
    """存一份党组织名册模板。"""
    return _template(TREE, output or Path("党组织名册模板.xlsx"), force)


def _template(kind: str, target: Path, force: bool) -> int:
    refuse_taken(target, force=force)
    write_whole(target, template_xlsx(kind))
    click.echo(f"已存为：{target}")
    return 0


def _undo(kind: str, key: str | None, place: str | None, username: str) -> int:
    by = find_person(username)
    held = _find_import(kind, key, place)
    try:
        undo_import(held=held, by=by, at=clock.now())
    except Refused as refusal:
        click.secho(str(refusal), err=True, fg="red")
        return 1
    click.echo(f"已撤销：{held.file_name}")
    return 0


def _find_import(kind: str, key: str | None, place: str | None) -> RosterImport:
    applied = RosterImport.objects.filter(kind=kind, state=RosterImport.State.APPLIED)
    if key:
        try:
            held = applied.filter(pk=UUID(key)).first()
        except ValueError:
            held = None
    elif place:
        held = (
            imports_of(find_organization(place))
            .filter(kind=kind, state=RosterImport.State.APPLIED)
            .order_by("-applied_at")
            .first()
        )
    else:
        raise click.UsageError("请写导入的编号，或者用 --into 写明组织以撤销其最近一次导入。")
    if held is None:
        raise click.ClickException("没有找到这次导入，或者它没有导入、已经撤销。")
    return held


KeyArgument = click.argument("key", required=False, metavar="[编号]")
LastOption = click.option("--into", "place", metavar="组织", help="撤销这个组织最近一次导入")


@roster.command("undo")
@KeyArgument
@LastOption
@ByOption
def undo_roster(*, key: str | None, place: str | None, username: str) -> int:
    """撤销一次花名册导入；已有其他登记依赖它的，说明原因，不作改动。"""
    return _undo(MEMBERS, key, place, username)


@org.command("undo")
@KeyArgument
@LastOption
@ByOption
def undo_tree(*, key: str | None, place: str | None, username: str) -> int:
    """撤销一次党组织名册导入；已有其他登记依赖它的，说明原因，不作改动。"""
    return _undo(TREE, key, place, username)
