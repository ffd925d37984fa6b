"""`zhibu verify`: whether what is stored, or an exported book, is what was filed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from tqdm import tqdm

from zhibu.handbook.wording import say_fault

WORTH_HELPERS: Final = 40_000
MOST_HELPERS: Final = 60  # a process on Windows cannot wait for more


@click.command()
@click.argument(
    "file",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="[文件.zip]",
)
@click.option("--files", "has_bytes", is_flag=True, help="附件的内容也逐一核验（较慢）")
@click.option(
    "--branch", "names", multiple=True, metavar="党支部", help="只核验这个党支部，可多次写"
)
def verify(*, file: Path | None, has_bytes: bool, names: Sequence[str]) -> int:
    """核验记录是否被改动。

    不写文件时核验数据库中的全部记录；写导出的手册压缩包时，只凭该文件核验，不需要数据库。
    逐支部指出第一项有问题的记录及问题所在；有问题时返回码为 1。
    """
    if file is not None:
        if names:
            raise click.UsageError("--branch 只用于核验数据库；核验压缩包时请去掉。")
        return verify_file(file)
    from zhibu.ops.cli import set_up_django

    set_up_django()
    return verify_stored(names, has_bytes=has_bytes)


def processes_for(versions: int | None) -> int:
    """How many processes to verify with: helpers take a second to start, so few do without."""
    if versions is None or versions < WORTH_HELPERS:
        return 1
    return min(os.cpu_count() or 1, MOST_HELPERS)


def verify_stored(names: Sequence[str], *, has_bytes: bool) -> int:
    """Verify the database; 1 when anything is wrong."""
    from zhibu.handbook.rows import count_versions, is_key
    from zhibu.handbook.verification import verify_database
    from zhibu.ops.plans import find_branches
    from zhibu.org.models import Organization

    wanted = [branch.id.hex for name in names for branch in find_branches(name, below=False)]
    total = None if wanted else count_versions()
    branches, versions, seals, faults = 0, 0, 0, 0
    with tqdm(total=total, desc="核验", unit="项", disable=None, delay=1) as progress:
        for outcome in verify_database(
            branches=wanted or None, has_bytes=has_bytes, processes=processes_for(total)
        ):
            branches += 1
            versions += outcome.versions
            seals += outcome.seals
            progress.update(outcome.versions)
            if outcome.fault is not None:
                faults += 1
                key = outcome.branch
                row = Organization.objects.filter(pk=key).first() if is_key(key) else None
                name = row.name if row else f"编号 {key} 的党支部"
                with tqdm.external_write_mode():
                    click.secho(f"× {name}：{say_fault(outcome.fault)}", fg="red")
                    if outcome.fault.record:
                        click.echo(f"  记录编号：{outcome.fault.record}")
    click.echo(f"共核验 {branches} 个党支部、{versions} 项记录、{seals} 次封存。")
    if faults:
        click.secho(f"有 {faults} 个党支部的记录与归档时不一致。", fg="red")
        return 1
    click.echo("全部与归档时一致。")
    return 0


def verify_file(file: Path) -> int:
    """Verify an exported book by itself; 1 when anything is wrong."""
    from zhibu.handbook.bundle_reading import verify_bundle
    from zhibu.handbook.wording_bundle import explain_bundle, say_counts

    found = verify_bundle(file)
    title = f"{found.branch_name}{found.year}年度：" if found.branch_name else ""
    if found.fault is not None:
        click.secho(f"× {title}{say_fault(found.fault)}", fg="red")
        for line in explain_bundle(found):
            click.echo(f"  {line}")
        if not (found.records_hold or found.is_as_handed_out):
            return 1
    else:
        click.echo(f"{title}{say_counts(found)}，全部与归档时一致。")
    if found.unsealed:
        click.echo(f"其中 {found.unsealed} 项尚未封存。")
    click.echo("请与纸质手册封存页核对下列公钥指纹，一致方可确认签名出自该党组织：")
    for owner, mark in found.fingerprints:
        click.echo(f"  {owner}：{mark}")
    return 0 if found.fault is None else 1
