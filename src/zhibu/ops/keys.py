"""`zhibu keys`: the master secret of the seals, and what to do when it is lost."""

from __future__ import annotations

import click
from django.db import transaction

from zhibu.ledger import keys as ledger_keys
from zhibu.ledger.models import OrganizationKey
from zhibu.ledger.services import note
from zhibu.web import clock


@click.group()
def keys() -> None:
    """签名密钥：查看是否可用、丢失或泄露后更换。

    封存、加签、遮盖和导出的手册都用各党组织的密钥签名，它们由密钥目录中的一个主密钥推算得出。
    """


@keys.command()
def show() -> int:
    """查看签名密钥是否可用。

    不显示密钥内容。可用时返回码为 0，不可用时为 1。
    """
    generation = ledger_keys.newest_generation()
    path = ledger_keys.master_path(generation)
    count = OrganizationKey.objects.filter(generation=generation).count()
    click.echo(f"主密钥文件：{path}（{'存在' if path.is_file() else '没有'}）")
    click.echo(f"第 {generation} 代，已有 {count} 个党组织使用。")
    if error := ledger_keys.inspect_master():
        raise click.ClickException(str(error))
    click.echo("可以签名。" if path.is_file() else "第一次封存时自动生成。")
    return 0


@keys.command()
@click.option("--yes", is_flag=True, help="不再询问")
def renew(*, yes: bool) -> int:
    """启用新一代签名密钥：原来的主密钥丢失或泄露时使用。

    以前的封存不受影响，仍用登记过的公钥核验；以后的封存用新密钥签名。
    丢失的，先找备份：能恢复原来的密钥文件，就不需要更换。
    更换后请立即备份。
    """
    if not OrganizationKey.objects.exists():
        raise click.ClickException("还没有用签名密钥封存过，不需要更换。")
    if not yes:
        click.confirm("启用新密钥后不能退回旧密钥。现在更换吗？", abort=True)
    with transaction.atomic():
        generation = ledger_keys.renew_master()
        note(
            by=None,
            verb="renew_keys",
            organization_id=None,
            subject=None,
            detail={"generation": generation},
            at=clock.now(),
        )
    click.echo(f"已启用第 {generation} 代签名密钥：{ledger_keys.master_path(generation)}")
    click.echo("请立即执行 zhibu backup，并把密钥目录另行备份。")
    return 0
