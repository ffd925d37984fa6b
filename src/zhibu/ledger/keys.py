"""Signing keys: one master secret beside the data, an Ed25519 key for each organisation from it.

The private key of an organisation is derived (HKDF-SHA-256) whenever it signs and stored nowhere;
only its public half goes into the database. Who copies the database alone can forge no signature.
"""

from __future__ import annotations

import os
import secrets
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from zhibu.ledger.models import OrganizationKey
from zhibu.people.keys import new_key

MASTER_NAME = "signing-key"
_MASTER_BYTES = 32


class KeyMismatchError(RuntimeError):
    """本机的签名主密钥与数据库登记的公钥不符。请恢复原来的密钥文件，或为该组织启用新一代密钥。"""


class MasterKeyError(RuntimeError):
    """签名主密钥文件已损坏或无法读取。"""


def master_path() -> Path:
    """Where the master secret lies."""
    return Path(settings.KEYS_DIR) / MASTER_NAME


def has_master() -> bool:
    """Whether this machine holds the master secret."""
    return master_path().is_file()


def make_master(path: Path) -> None:
    """Write a new master secret, whole or not at all; one that is there already stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_MASTER_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # A link appears at once with its content and refuses to replace another process's secret.
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
        except OSError:  # a disk without links, such as a memory stick
            if not path.exists():
                draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@lru_cache(maxsize=4)
def _read_master(path: Path) -> bytes:
    try:
        master = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise MasterKeyError(f"签名主密钥文件已损坏或无法读取：{path}") from error
    if len(master) != _MASTER_BYTES:
        raise MasterKeyError(f"签名主密钥文件长度不对：{path}")
    return master


def _master() -> bytes:
    path = master_path()
    if not path.exists():
        make_master(path)
    return _read_master(path)


def _private_key(organization_id: UUID, generation: int) -> Ed25519PrivateKey:
    info = f"zhibu-organization-key-1\n{organization_id.hex}\n{generation}".encode()
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(_master())
    return Ed25519PrivateKey.from_private_bytes(seed)


def derive_public_key(organization_id: UUID, generation: int) -> str:
    """The public key that belongs to this machine's master secret, in hex."""
    return _private_key(organization_id, generation).public_key().public_bytes_raw().hex()


def signing_key(*, organization_id: UUID, at: datetime) -> OrganizationKey:
    """The organisation's key of the newest generation; its row is made the first time.

    Raises KeyMismatchError when the row was made with another master secret.
    """
    key = (
        OrganizationKey.objects.filter(organization_id=organization_id)
        .order_by("-generation")
        .first()
    )
    if key is None:
        # Two who sign first at once make the same row: the key is derived, not drawn.
        OrganizationKey.objects.bulk_create(
            [
                OrganizationKey(
                    id=new_key(),
                    organization_id=organization_id,
                    generation=1,
                    public_key=derive_public_key(organization_id, 1),
                    created_at=at,
                )
            ],
            ignore_conflicts=True,
        )
        key = OrganizationKey.objects.get(organization_id=organization_id, generation=1)
    if key.public_key != derive_public_key(organization_id, key.generation):
        raise KeyMismatchError(KeyMismatchError.__doc__)
    return key


@transaction.atomic
def renew_key(*, organization_id: UUID, at: datetime) -> OrganizationKey:
    """A key of the next generation, when the old master secret is lost or was seen by others."""
    newest = (
        OrganizationKey.objects.select_for_update()
        .filter(organization_id=organization_id)
        .order_by("-generation")
        .first()
    )
    generation = newest.generation + 1 if newest else 1
    return OrganizationKey.objects.create(
        organization_id=organization_id,
        generation=generation,
        public_key=derive_public_key(organization_id, generation),
        created_at=at,
    )


def sign(key: OrganizationKey, message: bytes) -> str:
    """The signature of the organisation over a message, in hex."""
    return _private_key(key.organization_id, key.generation).sign(message).hex()
