"""`zhibu norm`: check packs, load them, list them, compare them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from zhibu.norms.catalogue import catalogue_packs
from zhibu.norms.facts import norm_of, resolve
from zhibu.norms.queries import list_versions
from zhibu.norms.services import load_catalogue, load_pack
from zhibu.org.services import Refused
from zhibu.rules.norm import Norm
from zhibu.rules.packs import (
    Fault,
    PackFaulty,
    Resolve,
    check_pack,
    diff_norms,
    read_pack,
    say_diff,
    shelve_packs,
)
from zhibu.rules.responsibility_lists import check_list, is_list, read_list
from zhibu.web import clock

PackFile = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def norm() -> None:
    """规范：检查、装入、列出、比较规范包。

    规范包是一个 TOML 文件，写明有哪些规定动作、多久一次、约束谁、依据哪一条。
    文件写法见 docs/reference/norm-packs.md，随程序提供的规范包在 catalogue 目录。
    """


@norm.command("check")
@click.argument("files", nargs=-1, required=True, type=PackFile, metavar="文件……")
def check_files(files: tuple[Path, ...]) -> int:
    """检查规范包和责任清单文件，一次列出全部问题。

    每个问题写明文件、行号、位置和改法。不需要数据库；所扩展的规范包在同一文件夹、
    一同给出的文件和随程序提供的规范包中查找。
    """
    texts = {file: read_text(file) for file in files}
    shelf = shelve_packs([*texts.values(), *neighbours(files), *shipped()])
    failed = 0
    for file, text in texts.items():
        if is_list(text):
            failed += not tell_list(str(file), text)
            continue
        faults = check_pack(text, shelf)
        failed += bool(faults)
        if faults:
            tell_faults(str(file), faults)
        else:
            click.echo(f"{file}：没有问题。{describe_size(read_pack(text, shelf))}")
    return 1 if failed else 0


@norm.command("load")
@click.argument("files", nargs=-1, type=PackFile, metavar="[文件……]")
def load_files(files: tuple[Path, ...]) -> int:
    """把规范包装入数据库；不写文件名时装入随程序提供的全部规范包。

    已经装入的版本不会改变：内容相同则略过，内容不同则拒绝，须换新的版本号。
    """
    before = set(list_versions().values_list("pk", flat=True))
    if not files:
        for version in load_catalogue(by=None, at=clock.now()):
            tell_loaded(str(version), is_new=version.pk not in before)
        return 0
    failed = 0
    for file in files:
        try:
            version = load_pack(text=read_text(file), by=None, at=clock.now())
        except PackFaulty as error:
            tell_faults(str(file), error.faults)
            failed += 1
        except Refused as error:
            click.secho(f"{file}：{error}", err=True, fg="red")
            failed += 1
        else:
            tell_loaded(str(version), is_new=version.pk not in before)
    return 1 if failed else 0


@norm.command("list")
def list_loaded() -> None:
    """列出数据库中的规范，一行一个版本。"""
    versions = list(list_versions())
    if not versions:
        click.echo("还没有装入规范。执行 zhibu norm load 装入随程序提供的规范包。")
    for version in versions:
        until = f" 至 {version.in_force_until}" if version.in_force_until else " 起施行"
        click.echo(f"{version.pack}@{version.version}  {version.title}")
        click.echo(f"    {version.in_force_from}{until}；{describe_size(norm_of(version))}")
        if version.extends:
            click.echo(f"    在 {version.extends.pack}@{version.extends.version} 的基础上扩展")


@norm.command("diff")
@click.argument("before", metavar="旧规范")
@click.argument("after", metavar="新规范")
def diff(before: str, after: str) -> int:
    """比较两个规范，说明支部的工作有哪些变化。

    两者都可以写文件名，或“编号@版本”，如：zhibu norm diff branch@2018 organ@2019
    """
    old, new = find_norm(before), find_norm(after)
    click.echo(f"由“{old.title}”（{old.version}）改为“{new.title}”（{new.version}）：")
    click.echo(say_diff(diff_norms(old, new)) or "对支部没有变化。")
    return 0


def tell_list(file: str, text: str) -> bool:
    """What is wrong with a list of responsibilities, or how much it holds; whether it is sound."""
    faults = check_list(text)
    if faults:
        tell_faults(file, faults)
        return False
    posts = read_list(text).posts
    items = sum(len(post.items) for post in posts)
    click.echo(f"{file}：没有问题。岗位 {len(posts)} 个，责任 {items} 项。")
    return True


def read_text(file: Path) -> str:
    """The text of a pack; an editor's byte order mark is forgiven."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{file} 不是 UTF-8 编码（第 {error.start + 1} 个字节起）。请在编辑器中另存为 UTF-8。"
        ) from error


def shipped() -> list[str]:
    """The texts of the packs that come with the program."""
    return [text for _, text in catalogue_packs()]


def neighbours(files: tuple[Path, ...]) -> list[str]:
    """The texts of the other packs in the same folders, as far as they can be read."""
    found = []
    for folder in {file.resolve().parent for file in files}:
        for path in sorted(folder.glob("*.toml")):
            try:
                found.append(path.read_text(encoding="utf-8-sig"))
            except (OSError, UnicodeDecodeError):
                continue
    return found


def find_norm(name: str) -> Norm:
    """A norm by file name or by ``id@version``, from the program's packs or the database."""
    path = Path(name)
    if path.is_file():
        text = read_text(path)
        try:
            return read_pack(text, shelve_packs([text, *neighbours((path,)), *shipped()]))
        except PackFaulty as error:
            tell_faults(name, error.faults)
            raise click.ClickException(f"{name} 有问题，不能比较。") from error
    look: tuple[Resolve, ...] = (shelve_packs(shipped()), resolve)
    for each in look:
        if found := each(name):
            return found
    known = "、".join(sorted(f"{v.pack}@{v.version}" for v in list_versions())) or "无"
    raise click.ClickException(f"没有“{name}”这个文件或规范。已装入的规范：{known}。")


def tell_faults(file: str, faults: tuple[Fault, ...]) -> None:
    """Every fault, in the form that editors can jump to."""
    for fault in faults:
        where = f" {fault.where}" if fault.where else ""
        click.secho(f"{file}:{fault.line}:{where}：{fault.reason}", err=True, fg="red")
    click.echo(f"{file}：共 {len(faults)} 个问题。", err=True)


def tell_loaded(title: str, *, is_new: bool) -> None:
    """What became of one version."""
    click.echo(f"{'已装入' if is_new else '已有，未变'}：{title}")


def describe_size(norm_: Norm) -> str:
    """How many requirements, by class."""
    counts = Counter(requirement.practice_class for requirement in norm_.requirements)
    labels = dict(norm_.labels)
    parts = [f"{labels.get(each, each.value)} {counts[each]}" for each in counts]
    return f"规定动作 {len(norm_.requirements)} 项（{'、'.join(parts)}）。"
