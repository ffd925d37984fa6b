"""`zhibu backup` and `zhibu restore`."""

from __future__ import annotations

import zipfile
from pathlib import Path

import click
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from tqdm import tqdm

from zhibu.ops import archive, changeover
from zhibu.ops.release import read_version
from zhibu.ops.saving import refuse_taken, written_whole
from zhibu.web import clock


class Meter:
    """Shows on a terminal what is being done; silent in a pipe."""

    def __init__(self, title: str) -> None:
        self._bar = tqdm(desc=title, unit=" 项", disable=None, leave=False)

    def __call__(self, what: str, count: int) -> None:
        self._bar.set_postfix_str(what, refresh=False)
        self._bar.update(count)

    def close(self) -> None:
        """Remove it from the terminal."""
        self._bar.close()


@click.command()
@click.argument(
    "file", required=False, metavar="[文件]", type=click.Path(dir_okay=False, path_type=Path)
)
@click.option("--without-keys", is_flag=True, help="不含签名密钥（密钥须另行备份）")
@click.option("--force", is_flag=True, help="文件已存在时覆盖")
def backup(*, file: Path | None, without_keys: bool, force: bool) -> None:
    """备份全部数据到一个 ZIP 文件。

    内容有数据库、附件和签名密钥，运行中即可备份，取的是同一时刻的数据。
    备份与数据库种类无关：SQLite 的备份可以恢复到 PostgreSQL，反之亦可。
    不写文件名时，存为当前文件夹下的“支部备份-日期-时间.zip”。
    """
    now = clock.now()
    target = file or Path(f"支部备份-{timezone.localtime(now):%Y%m%d-%H%M}.zip")
    refuse_taken(target, force=force)
    folders = {"files": Path(settings.MEDIA_ROOT)}
    if not without_keys:
        folders["keys"] = settings.KEYS_DIR
    meter = Meter("备份")
    try:
        with written_whole(target, is_secret=True) as stream:
            contents = archive.write_backup(
                stream, release=read_version(), now=now, folders=folders, progress=meter
            )
    finally:
        meter.close()
    files = sum(name.startswith("files/") for name in contents.digests)
    size = target.stat().st_size / 2**20
    click.echo(
        f"已备份到 {target.resolve()}：{sum(contents.rows.values())} 条数据，{files} 个附件，"
        f"{size:.1f} MB。"
    )
    if not without_keys:
        click.echo("备份中含有签名密钥，请像印章一样保管。")


@click.command()
@click.argument(
    "file", metavar="文件", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--force", is_flag=True, help="替换现有数据（原有附件和密钥移入“恢复前-日期”文件夹）")
@click.option("--dry-run", is_flag=True, help="只核对备份是否完整，不恢复")
def restore(*, file: Path, force: bool, dry_run: bool) -> None:
    """从备份文件恢复全部数据。

    先逐个核对备份中的文件，全部无误才动数据；中途出错则数据库保持原样。
    请先停止网站再恢复。目标已有数据时须加 --force。
    """
    meter = Meter("恢复")
    try:
        with zipfile.ZipFile(file) as opened:
            contents = archive.read_contents(opened)
            archive.verify_backup(opened, contents, meter)
            if not dry_run:
                _restore(opened, contents, meter, force=force)
    except zipfile.BadZipFile as error:
        raise click.ClickException(f"{file} 不是 ZIP 文件，或已损坏。") from error
    except archive.BackupFaulty as error:
        raise click.ClickException(f"{file}：{error}") from error
    except changeover.ChangeoverFailed as error:
        raise click.ClickException(str(error)) from error
    finally:
        meter.close()
    rows = sum(contents.rows.values())
    made = timezone.localtime(contents.made_at)
    done = "核对无误" if dry_run else "已恢复"
    click.echo(
        f"{done}：{rows} 条数据，{len(contents.digests) - len(contents.rows)} 个文件"
        f"（{made:%Y-%m-%d %H:%M} 由 {contents.release} 版备份）。"
    )
    if not dry_run:
        click.echo("建议接着执行 zhibu verify，核验全部记录。")


def _restore(
    opened: zipfile.ZipFile, contents: archive.Contents, meter: Meter, *, force: bool
) -> None:
    call_command("migrate", verbosity=0, interactive=False)
    if newer := archive.missing_migrations(contents):
        raise archive.BackupFaulty(
            f"备份来自更新的版本（{contents.release}，{newer[0]}），请先升级。"
        )
    if later := archive.later_migrations(contents):
        raise archive.BackupFaulty(
            f"备份来自较早的版本（{contents.release}），此后数据库结构有变化（{later[0]}），不能直接恢复。"
            "请用制作备份的版本恢复到空库，再升级到本版本；数据库没有改动。"
        )
    if not archive.is_empty() and not force:
        raise click.ClickException(
            "目标数据库已有数据，没有恢复。请换一个空的数据目录（ZHIBU_DATA_DIR）或数据库；"
            "确要替换现有数据，请先备份，再加 --force。"
        )
    folders = {
        name: folder
        for name, folder in (("files", Path(settings.MEDIA_ROOT)), ("keys", settings.KEYS_DIR))
        if any(member.startswith(f"{name}/") for member in contents.digests)
    }
    # A full disk or a missing right shows before anything is replaced.
    try:
        for name, folder in folders.items():
            archive.unpack_folder(opened, contents, name, changeover.open_arrivals(folder))
        archive.load_tables(opened, contents, meter)
    except BaseException:
        for folder in folders.values():
            changeover.forget_arrivals(folder)
        raise
    for folder in folders.values():
        if aside := changeover.change_over(folder, clock.now()):
            click.echo(f"原有文件保留在 {aside}，确认无误后可以删除。")
