"""`zhibu check`: whether this installation is fit to run, or to serve others."""

from __future__ import annotations

from typing import Final

import click
from django.core.checks import run_checks

from zhibu.ops import checks

# The framework's findings that ours say in Chinese: E14 (HTTPS and what follows from it), E11, E13,
# E15 and E16.
SAID: Final = frozenset(
    f"security.W{number:03}" for number in (4, 5, 8, 9, 10, 11, 12, 16, 18, 20, 21)
)


@click.command()
@click.option("--deploy", is_flag=True, help="按正式部署的要求检查，有一项错误即不通过")
def check(*, deploy: bool) -> int:
    """检查设置与环境。

    每项发现都写明编号、情况和处理办法；有“错误”时返回码为 1，只有“提醒”时为 0。
    """
    found = checks.examine(checks.ALWAYS + (checks.DEPLOYED if deploy else ()))
    # What the framework itself finds beyond that: faults of an installation, and without Chinese.
    found += [each for each in run_checks(include_deployment_checks=deploy) if each.id not in SAID]
    for message in found:
        click.secho(checks.describe(message), fg="red" if message.is_serious() else "yellow")
    serious = sum(message.is_serious() for message in found)
    if serious:
        click.echo(f"\n未通过：{serious} 项错误，{len(found) - serious} 项提醒。")
        return 1
    click.echo("检查通过。" if not found else f"\n检查通过，另有 {len(found)} 项提醒。")
    return 0
