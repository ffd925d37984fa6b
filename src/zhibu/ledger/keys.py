"""Signing keys: one master secret beside the data, an Ed25519 key for each organisation from it.

The private key of an organisation is derived (HKDF-SHA-256) whenever it signs and stored nowhere;
only its public half goes into the database. Who copies the database alone can forge no signature.

A master that was lost, or seen by others, is followed by one of the next generation (`renew_master`).
The public keys of the generation before are then kept in the key directory as well, so that its
seals can still be told from forged ones on a machine that has not its secret any more.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from zhibu.ledger.models import OrganizationKey
from zhibu.people.keys import new_key

MASTER_NAME = "signing-key"  # of the first generation; the others have "-2", "-3" … behind it
RETIRED_NAME = "retired-keys"  # "-1.json": the public keys of a generation that was followed
_MASTER_BYTES = 32


class SigningKeyError(RuntimeError):
    """签名密钥不可用。"""


class KeyMismatchError(SigningKeyError):
    """本机的签名主密钥与数据库登记的公钥不符。请从备份恢复原来的密钥文件；确已丢失的，执行 zhibu keys renew 启用新密钥。"""


class MasterKeyError(SigningKeyError):
    """签名主密钥文件丢失、损坏或无法读取。"""


def master_path(generation: int = 1) -> Path:
    """Where the master secret of a generation lies."""
    name = MASTER_NAME if generation == 1 else f"{MASTER_NAME}-{generation}"
    return Path(settings.KEYS_DIR) / name


def retired_path(generation: int) -> Path:
    """Where the public keys of a generation lie that another one followed."""
    return Path(settings.KEYS_DIR) / f"{RETIRED_NAME}-{generation}.json"


def newest_generation() -> int:
    """The generation that signs now: the highest that has a secret, or had one."""
    generations = [1]
    folder = Path(settings.KEYS_DIR)
    for path in folder.iterdir() if folder.is_dir() else ():
        if found := re.fullmatch(rf"{MASTER_NAME}-([1-9]\d{{0,3}})", path.name):
            generations.append(int(found[1]))
        elif found := re.fullmatch(rf"{RETIRED_NAME}-([1-9]\d{{0,3}})\.json", path.name):
            generations.append(int(found[1]) + 1)
    return max(generations)


def has_master() -> bool:
    """Whether this machine holds the master secret that signs now."""
    return master_path(newest_generation()).is_file()


def make_master(path: Path) -> None:
    """Write a new master secret, whole or not at all; one that is there already stays."""
    _write_once(path, secrets.token_hex(_MASTER_BYTES))


def _write_once(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # A link appears at once with its content and refuses to replace what another process wrote.
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


def _master(generation: int) -> bytes:
    path = master_path(generation)
    if not path.exists():
        if generation > 1 or OrganizationKey.objects.exists():
            raise MasterKeyError(
                f"签名主密钥 {path} 不见了。请从备份恢复该文件；"
                "确已丢失的，执行 zhibu keys renew 启用新密钥。"
            )
        make_master(path)
    return _read_master(path)


def kept_secret(name: str) -> bytes:
    """32 bytes for another use, in a file of their own beside the master secret; made once."""
    path = Path(settings.KEYS_DIR) / name
    if not path.exists():
        make_master(path)
    return _read_master(path)


def _private_key(organization_id: UUID, generation: int) -> Ed25519PrivateKey:
    info = f"zhibu-organization-key-1\n{organization_id.hex}\n{generation}".encode()
    seed = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(_master(generation))
    return Ed25519PrivateKey.from_private_bytes(seed)


def derive_public_key(organization_id: UUID, generation: int) -> str:
    """The public key that belongs to this machine's master secret of a generation, in hex."""
    return _private_key(organization_id, generation).public_key().public_bytes_raw().hex()


def signing_key(*, organization_id: UUID, at: datetime) -> OrganizationKey:
    """The organisation's key of the newest generation; its row is made the first time.

    Raises KeyMismatchError when the row was made with another master secret, MasterKeyError when
    the secret is not there.
    """
    generation = newest_generation()
    rows = OrganizationKey.objects.filter(organization_id=organization_id, generation=generation)
    public_key = derive_public_key(organization_id, generation)
    key = rows.first()
    if key is None:
        # Two who sign first at once make the same row: the key is derived, not drawn.
        OrganizationKey.objects.bulk_create(
            [
                OrganizationKey(
                    id=new_key(),
                    organization_id=organization_id,
                    generation=generation,
                    public_key=public_key,
                    created_at=at,
                )
            ],
            ignore_conflicts=True,
        )
        key = rows.get()
    if key.public_key != public_key:
        raise KeyMismatchError(KeyMismatchError.__doc__)
    return key


def is_own_key(public_key: str, organization_id: str, generation: int) -> bool:
    """Whether a public key is the organisation's, as far as this machine can tell.

    By the secret of its generation, or by the list that was kept when another one followed. A
    machine with neither cannot tell and says yes; a generation that never began is forged, and so
    is the key of what has no key itself.
    """
    try:
        owner = str(UUID(organization_id))
    except ValueError:
        return False
    path = master_path(generation)
    if path.is_file():
        return public_key == _derived(str(path), owner, generation)
    newest = newest_generation()
    if generation > newest:
        return newest == 1 and not path.with_name(MASTER_NAME).is_file()
    if retired_path(generation).is_file():
        return _read_retired(retired_path(generation)).get(owner) == public_key
    return True


@lru_cache(maxsize=4096)
def _derived(master: str, organization_id: str, generation: int) -> str:  # noqa: ARG001 - a cache key
    return derive_public_key(UUID(organization_id), generation)


@lru_cache(maxsize=4)
def _read_retired(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="ascii")
        return {str(UUID(key)): str(value) for key, value in json.loads(text).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise MasterKeyError(f"停用密钥的公钥清单已损坏或无法读取：{path}") from error


def inspect_master() -> SigningKeyError | None:
    """What keeps this machine from signing, if anything; nothing before the first signature."""
    row = OrganizationKey.objects.filter(generation=newest_generation()).first()
    try:
        if row is not None and row.public_key != derive_public_key(
            row.organization_id, row.generation
        ):
            return KeyMismatchError(KeyMismatchError.__doc__)
        if OrganizationKey.objects.exists():
            _master(newest_generation())
    except MasterKeyError as error:
        return error
    return None


def renew_master() -> int:
    """Begin the next generation, when the old master secret is lost or was seen by others; its number.

    Its public keys are written down first: what was sealed stays provable without the old secret.
    """
    old = newest_generation()
    rows = OrganizationKey.objects.filter(generation=old).values_list(
        "organization_id", "public_key"
    )
    _write_once(retired_path(old), json.dumps({str(key): value for key, value in rows}, indent=0))
    make_master(master_path(old + 1))
    return old + 1


def sign(key: OrganizationKey, message: bytes) -> str:
    """The signature of the organisation over a message, in hex."""
    return _private_key(key.organization_id, key.generation).sign(message).hex()
