"""`zhibu book`: take the book of a year out as PDF, Word or a ZIP that verifies by itself."""

from __future__ import annotations

from pathlib import Path

import click

from zhibu.documents.fonts import FontMissing
from zhibu.documents.typesetting import TypesettingFailed, typeset_book
from zhibu.documents.word import write_book_docx
from zhibu.handbook.books import bind_book
from zhibu.handbook.bundle import ExportFailed, export_bundle
from zhibu.ops import wording
from zhibu.ops.plans import find_branches
from zhibu.ops.saving import refuse_taken, write_whole, written_whole
from zhibu.org.models import Organization
from zhibu.web import clock


@click.group()
def book() -> None:
    """工作手册：导出。"""


@book.command("export")
@click.argument("name", metavar="党支部")
@click.argument("year", type=click.IntRange(1921, 2200), metavar="年度")
@click.option(
    "--format",
    "form",
    type=click.Choice(["pdf", "docx", "zip"]),
    default="pdf",
    show_default=True,
    help="pdf 可打印；docx 可编辑；zip 含记录、附件、签名，可独立核验",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="文件",
    help="存到哪个文件",
)  # fmt: skip
@click.option("--force", is_flag=True, help="文件已有时覆盖")
def export(*, name: str, year: int, form: str, output: Path | None, force: bool) -> int:
    """导出党支部一个年度的工作手册。"""
    (branch,) = find_branches(name, below=False)
    target = output or Path(wording.file_name(f"{branch.short_name}{year}年工作手册.{form}"))
    refuse_taken(target, force=force)
    try:
        write_book(target, branch, year, form)
    except (FontMissing, TypesettingFailed, ExportFailed) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"已导出：{target}")
    return 0


def write_book(target: Path, branch: Organization, year: int, form: str) -> None:
    """The book in one of its forms. Raises FontMissing, TypesettingFailed, ExportFailed.

    What is there already stays until the new file is whole.
    """
    bound = bind_book(branch, year, today=clock.today())
    if form == "docx":
        write_whole(target, write_book_docx(bound))
        return
    pdf = typeset_book(bound)
    if form == "pdf":
        write_whole(target, pdf)
        return
    with written_whole(target) as stream:
        export_bundle(stream, branch=branch, year=year, at=clock.now(), pdf=pdf)
