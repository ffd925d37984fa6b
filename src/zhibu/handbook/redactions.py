"""What a redaction says, as the text that the branch signs."""

from __future__ import annotations

from dataclasses import dataclass

from zhibu.ledger.signatures import is_signed


@dataclass(frozen=True, slots=True)
class RedactionFacts:
    """A redaction with its key as plain values, from the database or from an exported book."""

    redaction_id: str
    version_id: str
    branch: str
    part: str
    reason: str
    at: str
    by: str
    signature: str
    public_key: str
    key_organization: str
    key_generation: int


def redaction_message(facts: RedactionFacts) -> bytes:
    """What is signed; the reason, the only free text, comes last."""
    f = facts
    return (
        f"zhibu-redaction-1\n{f.redaction_id}\n{f.version_id}\n{f.branch}\n{f.part}\n{f.at}\n"
        f"{f.by}\n{f.key_organization}\n{f.key_generation}\n{f.public_key}\n{f.reason}"
    ).encode()


def is_redaction_signed(facts: RedactionFacts) -> bool:
    """Whether the signature holds, made with a key of the branch itself."""
    return facts.key_organization == facts.branch and is_signed(
        facts.public_key, redaction_message(facts), facts.signature
    )
