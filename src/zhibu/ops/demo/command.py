"""The command `zhibu demo`."""

from __future__ import annotations

from typing import Any

import click
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from tqdm import tqdm

from zhibu.network.search.services import note_everything, rebuild_index
from zhibu.ops import checks
from zhibu.ops.accounts import (
    Account,
    choose_password,
    describe_accounts,
    recall_accounts,
    remember_accounts,
)
from zhibu.ops.demo.building import build_bureau
from zhibu.ops.demo.multitude import build_multitude
from zhibu.ops.serve import prepare_database
from zhibu.org.models import Organization
from zhibu.people.models import Person
from zhibu.web import clock


@click.command()
@click.option("--seed", default=2017, show_default=True, help="随机种子；同一种子生成同样的内容")
@click.option(
    "--branches",
    type=click.IntRange(1, 200_000),
    metavar="个数",
    help="不生成演示局，改为生成若干个党支部，供测试性能",
)
@click.option(
    "--years",
    type=click.IntRange(1, 5),
    default=1,
    show_default=True,
    metavar="年数",
    help="与 --branches 合用：连同本年度共几年的资料",
)
def demo(*, seed: int, branches: int | None, years: int) -> int:
    """生成演示数据。

    一个局的直属机关党委，十二个党支部（其中三个试点），约三百名党员；上一年度资料齐全，
    本年度截至今天，有按时完成的，也有迟补的、更正的、免除的。一人身兼两职，可试切换身份。人名、单位均为虚构。
    密码随机生成并显示，也可用环境变量 ZHIBU_DEMO_PASSWORD 指定。
    """
    if any(checks.check_migrations()):
        prepare_database()  # in an empty folder this is the first command
    if Person.objects.filter(is_demonstration=True).exists():
        click.echo("演示数据已经存在，不再重复生成。")
        click.echo(describe_accounts(*(recall_accounts(settings.DATA_DIR) or renew_password())))
        return 0
    if Organization.objects.exists():
        raise click.ClickException(
            "数据库中已有正式数据，不能装入演示数据；请换一个空的数据目录（ZHIBU_DATA_DIR）再试。"
        )
    password = choose_password()
    with tqdm(total=branches or 14, desc="生成演示数据", unit="支部", disable=None) as bar:
        told: dict[str, Any] = {
            "now": clock.now(),
            "seed": seed,
            "password": password,
            "advance": bar.update,
        }
        # In one transaction with the file: data whose password nobody knows are of no use.
        with transaction.atomic():
            if branches is None:
                stage = build_bureau(**told)
                rebuild_index()
            else:
                stage = build_multitude(**told, branches=branches, years=years)
                note_everything()  # the worker indexes them
            remember_accounts(settings.DATA_DIR, password=password, accounts=stage.accounts)
    click.echo(describe_accounts(password, stage.accounts))
    return 0


def renew_password() -> tuple[str, tuple[Account, ...]]:
    """A new password for the demonstration accounts, when the file with the old one is gone."""
    password = choose_password()
    people = Person.objects.filter(is_demonstration=True)
    people.update(password=make_password(password))
    accounts = tuple(Account(person.username, person.name) for person in people.order_by("pk"))
    remember_accounts(settings.DATA_DIR, password=password, accounts=accounts)
    return password, accounts
