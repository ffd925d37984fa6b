"""`zhibu found`: the first organisation and the first three accounts of a real installation."""

from __future__ import annotations

from datetime import date, datetime

import click
from django.db import transaction

from zhibu.ledger.keys import has_master, make_master, master_path
from zhibu.norms.queries import list_versions
from zhibu.norms.services import choose_pack
from zhibu.ops.accounts import choose_password
from zhibu.ops.serve import prepare_database
from zhibu.org.models import Organization
from zhibu.org.services import found_organization, grant_role, open_account
from zhibu.people.models import Person
from zhibu.people.roles import LABELS, Role
from zhibu.web import clock

KINDS = {
    "工委": Organization.Kind.COMMISSION,
    "党委": Organization.Kind.COMMITTEE,
    "党总支": Organization.Kind.GENERAL_BRANCH,
    "党支部": Organization.Kind.BRANCH,
}
ADMINISTRATORS = (
    ("xitong", Role.SYSTEM_ADMIN, "开立、停用账号"),
    ("anquan", Role.SECURITY_ADMIN, "授予、收回权限"),
    ("shenji", Role.AUDIT_ADMIN, "查阅操作台账"),
)


@click.command()
@click.argument("name", metavar="全称")
@click.option("--short", default="", help="简称，不写时同全称（取前 60 字）")
@click.option(
    "--kind", type=click.Choice(list(KINDS)), default="党委", show_default=True, help="组织类型"
)
@click.option(
    "--founded",
    type=click.DateTime(["%Y-%m-%d"]),
    help="成立日期，如 1998-07-01；不写时为今年 1 月 1 日",
)
@click.option(
    "--norm",
    "pack",
    default="organ",
    show_default=True,
    help="执行的规范（zhibu norm list 中的编号）",
)
def found(*, name: str, short: str, kind: str, founded: datetime | None, pack: str) -> int:
    """正式启用：建立本单位和三员账号。

    在空库中建立最高一级党组织，选定执行的规范，开立系统、安全、审计三个管理员账号，
    密码随机生成，只显示这一次。启用日期记为今天：此前到期的事项在系统内不作要求，
    可在组织页面修改。之后由系统管理员开立账号，由安全管理员授予权限。
    """
    if not name.strip():
        raise click.BadParameter("请写明全称。", param_hint="全称")
    for text, most, hint in ((name, 200, "全称"), (short, 60, "--short")):
        if len(text) > most:
            raise click.BadParameter(f"最多 {most} 字，现在有 {len(text)} 字。", param_hint=hint)
    now = clock.now()
    today = clock.today()
    founded_on = founded.date() if founded else date(today.year, 1, 1)
    if founded_on > today:
        raise click.BadParameter("成立日期不能晚于今天。", param_hint="--founded")
    prepare_database()
    packs = sorted(set(list_versions().values_list("pack", flat=True)))
    if pack not in packs:
        raise click.BadParameter(f"没有“{pack}”，可选：{'、'.join(packs)}。", param_hint="--norm")
    if Organization.objects.exists() or Person.objects.exists():
        raise click.ClickException(
            "库中已有组织或账号，不再重复建立。试用过演示数据的，请换一个空的数据目录"
            "（ZHIBU_DATA_DIR）或数据库。"
        )
    if not has_master():  # from the first day on it is in every backup
        make_master(master_path())
    passwords = start_installation(
        name=name, short=short, kind=KINDS[kind], founded_on=founded_on, pack=pack, now=now
    )
    click.echo(f"已建立：{name}。三员账号如下，请当面交给三个不同的人：")
    for (username, role, duty), password in zip(ADMINISTRATORS, passwords, strict=True):
        click.echo(f"  {username}  {password}  {LABELS[role]}：{duty}")
    click.echo(
        "密码只显示这一次，首次登录须改为本人的密码。接着执行 zhibu serve，用 xitong 登录开立账号。"
    )
    return 0


@transaction.atomic
def start_installation(
    *,
    name: str,
    short: str,
    kind: Organization.Kind,
    founded_on: date,
    pack: str,
    now: datetime,
) -> list[str]:
    """All of it or nothing; the passwords in the order of `ADMINISTRATORS`."""
    root = found_organization(
        name=name, short_name=short, kind=kind, parent=None, founded_on=founded_on,
        in_use_since=clock.today(), by=None, at=now,
    )  # fmt: skip
    since = max(founded_on, date(clock.today().year, 1, 1))
    choose_pack(organization=root, pack=pack, since=since, by=None, at=now)
    passwords = []
    for username, role, _ in ADMINISTRATORS:
        password = choose_password(is_demonstration=False)
        person = open_account(
            username=username, name=LABELS[role], password=password, by=None, at=now
        )
        grant_role(
            person=person, role=role, organization=root, with_below=True, since=now, by=None, at=now
        )
        passwords.append(password)
    return passwords
