"""What a seal says, as the text that is signed and as the code that is printed."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zhibu.ledger.canonical import canonical_moment
from zhibu.ledger.signatures import is_signed

if TYPE_CHECKING:  # an exported book is verified where there is no database
    from zhibu.ledger.models import Seal


@dataclass(frozen=True, slots=True)
class SealFacts:
    """A seal with its keys as plain values, from the database or from an exported book."""

    seal_id: str
    branch: str
    first: int
    sequence: int
    link: str
    sealed_at: str
    signature: str
    public_key: str
    key_organization: str
    key_generation: int
    countersigned_at: str = ""
    countersignature: str = ""
    counter_public_key: str = ""
    counter_organization: str = ""
    counter_generation: int = 0


def seal_facts(seal: Seal) -> SealFacts:
    """The values of a row; its keys should be selected with it."""
    counter = seal.countersign_key
    return SealFacts(
        seal_id=seal.id.hex,
        branch=seal.branch_id.hex,
        first=seal.first,
        sequence=seal.sequence,
        link=seal.link,
        sealed_at=canonical_moment(seal.sealed_at),
        signature=seal.signature,
        public_key=seal.key.public_key,
        key_organization=seal.key.organization_id.hex,
        key_generation=seal.key.generation,
        countersigned_at=canonical_moment(seal.countersigned_at) if seal.countersigned_at else "",
        countersignature=seal.countersignature,
        counter_public_key=counter.public_key if counter else "",
        counter_organization=counter.organization_id.hex if counter else "",
        counter_generation=counter.generation if counter else 0,
    )


def seal_message(facts: SealFacts) -> bytes:
    """What the branch signs."""
    f = facts
    return (
        f"zhibu-seal-1\n{f.seal_id}\n{f.branch}\n{f.first}\n{f.sequence}\n{f.link}\n{f.sealed_at}\n"
        f"{f.key_organization}\n{f.key_generation}\n{f.public_key}"
    ).encode()


def countersign_message(facts: SealFacts) -> bytes:
    """What the level above signs: the seal with its signature, and who it is itself."""
    f = facts
    return (
        seal_message(f)
        + (
            f"\n{f.signature}\nzhibu-countersign-1\n{f.countersigned_at}\n"
            f"{f.counter_organization}\n{f.counter_generation}\n{f.counter_public_key}"
        ).encode()
    )


def is_seal_signed(facts: SealFacts) -> bool:
    """Whether the branch's signature holds, made with a key of the branch itself."""
    return facts.key_organization == facts.branch and is_signed(
        facts.public_key, seal_message(facts), facts.signature
    )


def is_countersigned(facts: SealFacts) -> bool:
    """Whether the countersignature holds; a seal without one has nothing that could be wrong."""
    given = (facts.countersigned_at, facts.countersignature, facts.counter_public_key)
    if not any(given):
        return True
    return all(given) and is_signed(
        facts.counter_public_key, countersign_message(facts), facts.countersignature
    )


def seal_code(signature: str) -> str:
    """The short code of a seal as it is printed and read aloud: XXXX-XXXX-XXXX-XXXX."""
    digest = hashlib.sha256(bytes.fromhex(signature)).digest()[:10]
    code = base64.b32encode(digest).decode()
    return "-".join(code[at : at + 4] for at in range(0, 16, 4))


def seal_qr_text(facts: SealFacts) -> str:
    """What the square code on the seal page says: enough to verify the signature without us."""
    return "\n".join(
        (
            f"ZHIBU-SEAL-1 {seal_code(facts.signature)}",
            f"id {facts.seal_id}",
            f"branch {facts.branch}",
            f"covers {facts.first}-{facts.sequence}",
            f"link {facts.link}",
            f"at {facts.sealed_at}",
            f"key {facts.key_generation} {facts.public_key}",
            f"signature {facts.signature}",
        )
    )
