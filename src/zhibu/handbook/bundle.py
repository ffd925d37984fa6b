"""导出: the book of a year as a ZIP that verifies on another machine, without the database."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import IO, Any, Final
from uuid import UUID

from django.db.models import Q

from zhibu.handbook import bundle_format as form
from zhibu.handbook.models import Attachment, RecordVersion, Redaction
from zhibu.handbook.services.redaction import redaction_facts
from zhibu.handbook.versions import digest_of, identity_of, read_version
from zhibu.ledger.keys import sign, signing_key
from zhibu.ledger.models import ChainHead, Seal
from zhibu.ledger.queries import seals_of
from zhibu.ledger.seals import seal_code, seal_facts
from zhibu.org.models import Organization
from zhibu.rules import digests

README = """{branch}{year}年度党支部工作手册（电子版）

本压缩包含有：
  book.pdf        可打印的手册（如有）
  book.json       党支部、封存、公钥和链的信息
  records/        本年度各项记录，每项一个文件，按归档号命名
  attachments/    附件，名称见所属记录
  manifest.json   以上各文件的 SHA-256 摘要
  signature.json  党支部对 manifest.json 的签名

如何核验：
  1. 在装有“支部”软件的任一台计算机上执行：zhibu verify 本文件.zip
     核验只用本文件，不需要联网，也不需要原来的数据库。
  2. 核验通过后，请把所显示的公钥指纹与纸质手册封存页上的指纹核对，一致方为有效。
  3. 不用本软件也可以核验：
     部分摘要 = SHA-256(校验参数的 16 个字节 + 该部分文字的 UTF-8 字节)；
     记录摘要 = SHA-256("zhibu-version-1" 及登记项各占一行，末行为各部分摘要，以空格分隔)；
     链值     = SHA-256(前一链值的字节 + 记录摘要的字节)，第一项没有前一链值。
     封存的签名算法为 Ed25519，所签内容见 book.json 中各次封存的登记项。

封存校验码：
{codes}

记录中文字为空、校验参数为“-”的部分，系依法遮盖，不影响对其余内容的核验。
"""


PIECE: Final = 1024 * 1024  # so much of a file is held in memory at once


class ExportFailed(Exception):
    """A book that could not be written whole; the message says why, in Chinese."""


def export_bundle(
    stream: IO[bytes], *, branch: Organization, year: int, at: datetime, pdf: bytes | None
) -> int:
    """Write the ZIP of a branch's year to `stream`; gives the number of entries of the year.

    Entries of other years are in it by their digests alone, so that the chain is whole. Whatever is
    filed while it is written is not in it. Memory grows with the number of entries, not with the
    size of the files. Raises ExportFailed.
    """
    head = ChainHead.objects.filter(pk=branch.id).first()
    last = head.sequence if head else 0
    seals = list(seals_of(branch.id).filter(sequence__lte=last))
    versions = RecordVersion.objects.filter(branch=branch, sequence__lte=last).order_by("sequence")
    of_year = set(
        versions.filter(Q(year=year) | Q(record__current__year=year)).values_list("pk", flat=True)
    )
    sums: dict[str, str] = {}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(path: str, content: bytes) -> None:
            sums[path] = hashlib.sha256(content).hexdigest()
            archive.writestr(path, content)

        def put_file(file: Attachment) -> None:
            path = form.file_path(file.id.hex)
            # Pictures, PDF and Office files are compressed already.
            into = zipfile.ZipInfo(path, date_time=_MOMENT)
            digest = hashlib.sha256()
            with _open(file) as source, archive.open(into, "w", force_zip64=True) as target:
                while piece := source.read(PIECE):
                    digest.update(piece)
                    target.write(piece)
            sums[path] = digest.hexdigest()
            if sums[path] != file.digest:
                raise ExportFailed(
                    f"附件“{file.name}”与归档时不一致，无法导出。请系统管理员执行 zhibu verify --files "
                    "核验，并从备份中恢复该文件。"
                )

        chain: list[str] = []  # "" for an entry that is here whole, else its digest
        named: set[UUID] = set()
        for version in versions.iterator(chunk_size=200):
            if version.pk not in of_year:
                chain.append(digest_of(version))
                continue
            chain.append("")
            put(form.record_path(version.sequence), form.as_json(_entry(version)))
            named.update(UUID(f.key) for f in read_version(version).content.attachments)
        files = list(Attachment.objects.filter(pk__in=named).order_by("pk"))
        if len(files) < len(named):  # blacked out while this was written
            raise ExportFailed("导出期间手册有变动，请重新导出。")
        for file in files:
            put_file(file)
        if pdf is not None:
            put(form.PDF, pdf)
        put(form.README, _readme(branch, year, seals).encode())
        put(form.BOOK, form.as_json(_book(branch, year, at, head, chain, seals, of_year)))
        manifest = form.as_json({"files": sums})
        archive.writestr(form.MANIFEST, manifest)
        archive.writestr(form.SIGNATURE, form.as_json(_signature(branch, manifest, at)))
    return len(of_year)


_MOMENT: Final = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP can say: files have no time here


def _open(file: Attachment) -> IO[bytes]:
    try:
        return file.file.open("rb")
    except FileNotFoundError as error:
        raise ExportFailed(
            f"附件“{file.name}”的文件不在数据目录中，无法导出。请系统管理员从备份中恢复该文件。"
        ) from error


def _entry(version: RecordVersion) -> Mapping[str, Any]:
    return {
        "identity": identity_of(version)._asdict(),
        "texts": {name: getattr(version, name) for name in digests.PARTS},
        "salts": version.salts,
        "digests": version.digests,
        "previous": version.previous,
        "link": version.link,
    }


def _book(
    branch: Organization,
    year: int,
    at: datetime,
    head: ChainHead | None,
    chain: list[str],
    seals: Iterable[Seal],
    of_year: set[UUID],
) -> Mapping[str, Any]:
    redactions = Redaction.objects.filter(version__in=of_year).select_related("key")
    facts = [seal_facts(seal) for seal in seals]
    above = {UUID(f.counter_organization) for f in facts if f.counter_organization}
    names = {
        str(key.hex): name
        for key, name in Organization.objects.filter(pk__in=above).values_list("pk", "name")
    }
    return {
        "format": form.FORMAT,
        "branch": branch.id.hex,
        "branch_name": branch.name,
        "year": year,
        "exported_at": at.isoformat(),
        "head": {
            "sequence": head.sequence if head else 0,
            "link": head.link if head else "",
        },
        "names": {branch.id.hex: branch.name, **names},
        "seals": [asdict(one) for one in facts],
        "redactions": [asdict(redaction_facts(one, branch.id.hex)) for one in redactions],
        "chain": chain,
    }


def _signature(branch: Organization, manifest: bytes, at: datetime) -> Mapping[str, Any]:
    key = signing_key(organization_id=branch.id, at=at)
    return {
        "organization": branch.id.hex,
        "generation": key.generation,
        "public_key": key.public_key,
        "signature": sign(key, form.manifest_message(manifest)),
    }


def _readme(branch: Organization, year: int, seals: list[Seal]) -> str:
    codes = "\n".join(
        f"  第{seal.first}号至第{seal.sequence}号  {seal_code(seal.signature)}" for seal in seals
    )
    text = README.format(branch=branch.name, year=year, codes=codes or "  （尚未封存）")
    return "\ufeff" + text.replace("\n", "\r\n")  # as Windows' editor expects it
