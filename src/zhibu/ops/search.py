"""`zhibu search`: the index of what can be found."""

from __future__ import annotations

import click
from tqdm import tqdm

from zhibu.network.search.models import SearchEntry, SearchNote
from zhibu.network.search.services import rebuild_index


@click.group()
def search() -> None:
    """检索索引：查看、重建。

    索引由后台任务随时更新，平时不必理会。它不含任何正文，备份中也没有它：恢复后自动重新编制。
    """


@search.command()
def show() -> None:
    """查看编入了多少、还有多少待编。"""
    click.echo(f"已编入 {SearchEntry.objects.count()} 条，待编入 {SearchNote.objects.count()} 条。")


@search.command()
def rebuild() -> None:
    """重新编制全部索引。

    找不到明明有的内容时使用。编制期间照常办理和检索；中途停止也不要紧，再执行一次即可。
    """
    with tqdm(desc="编制索引", unit=" 条", disable=None, leave=False) as bar:
        done = rebuild_index(progress=bar.update)
    click.echo(f"已重新编制，共 {done} 条。")
