"""Digests, links and the walk along a chain: any change shows, a black-out does not break it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhibu.rules.chains import ChainWalk, Fault, FaultKind, StoredEntry
from zhibu.rules.digests import (
    PARTS,
    PERMANENT_PARTS,
    Identity,
    black_out,
    digest_part,
    digest_parts,
    digest_version,
    find_changed_part,
    is_blacked_out,
    join,
    link_digest,
    split,
)

SALT = st.binary(min_size=16, max_size=16).map(bytes.hex)
TEXTS = st.tuples(*[st.text(min_size=1, max_size=40)] * len(PARTS))
SALTS = st.tuples(*[SALT] * len(PARTS))
BRANCH = "b" * 32


def make_chain(length: int) -> list[StoredEntry]:
    entries: list[StoredEntry] = []
    previous = ""
    for sequence in range(1, length + 1):
        texts = tuple(f"{part} {sequence}" for part in PARTS)
        salts = tuple(f"{sequence * 10 + at:032x}" for at in range(len(PARTS)))
        digests = join(digest_parts(texts, salts))
        identity = Identity(
            f"{sequence:032x}", f"{sequence + 99:032x}", BRANCH, sequence, 1, "file",
            f"{sequence + 999:032x}", "2026-03-12T08:30:00.000000Z", "a" * 32, 2026,
            "2026-03-12", "lesson",
        )  # fmt: skip
        link = link_digest(previous, digest_version(identity, digests))
        entries.append(StoredEntry(identity, texts, join(salts), digests, previous, link))
        previous = link
    return entries


def walk(
    entries: list[StoredEntry], head: tuple[int, str] | None = None, **more: object
) -> Fault | None:
    links = {entry.link for entry in entries}
    going = ChainWalk(BRANCH, has_link=links.__contains__, **more)  # type: ignore[arg-type]
    for entry in entries:
        if fault := going.step(entry):
            return fault
    sequence, link = head or (len(entries), entries[-1].link if entries else "")
    return going.finish(sequence, link)


def renumbered(entry: StoredEntry, sequence: int) -> StoredEntry:
    return entry._replace(identity=entry.identity._replace(sequence=sequence))


@given(TEXTS, SALTS)
def test_untouched_parts_fit(texts: tuple[str, ...], salts: tuple[str, ...]) -> None:
    """What was digested fits."""
    digests = join(digest_parts(texts, salts))
    assert find_changed_part(texts, join(salts), digests) is None


@given(TEXTS, SALTS, st.integers(0, len(PARTS) - 1), st.text(max_size=40))
def test_any_change_of_a_part_shows(
    texts: tuple[str, ...], salts: tuple[str, ...], at: int, other: str
) -> None:
    """The part that was changed is named."""
    digests = join(digest_parts(texts, salts))
    changed = (*texts[:at], other, *texts[at + 1 :])
    expected = None if other == texts[at] else PARTS[at]
    assert find_changed_part(changed, join(salts), digests) == expected


@given(TEXTS, SALTS, st.integers(0, len(PARTS) - 1))
def test_a_part_blacked_out_leaves_the_others_verifiable(
    texts: tuple[str, ...], salts: tuple[str, ...], at: int
) -> None:
    """Text and salt go, the digests stay as they were; what must stay is refused."""
    name, by_name = PARTS[at], dict(zip(PARTS, texts, strict=True))
    if name in PERMANENT_PARTS:
        with pytest.raises(ValueError, match="blacked out"):
            black_out(by_name, join(salts), name)
        return
    blacked, kept = black_out(by_name, join(salts), name)
    after = tuple(blacked[part] for part in PARTS)
    assert is_blacked_out(blacked[name], split(kept)[at])
    assert salts[at] not in kept.split(" ") or salts.count(salts[at]) > 1
    assert find_changed_part(after, kept, join(digest_parts(texts, salts))) is None


@given(SALT, SALT, st.text(max_size=40))
def test_the_salt_decides(first: str, second: str, text: str) -> None:
    """The same text under another salt has another digest: it cannot be guessed by trying."""
    assert (digest_part(text, first) == digest_part(text, second)) == (first == second)


@pytest.mark.parametrize("salt", ["", "zz" * 16, "AB" * 16, "ab" * 15, "ab " * 16, "-"])
def test_a_salt_has_one_spelling(salt: str) -> None:
    """Capitals, blanks and other lengths are no salt."""
    with pytest.raises(ValueError, match=r"salt|hex"):
        digest_part("text", salt)


def test_identity_is_digested_field_by_field() -> None:
    """Changing any field of the identity changes the digest."""
    entry = make_chain(1)[0]
    digests = {digest_version(entry.identity, entry.digests)}
    for field, value in entry.identity._asdict().items():
        other = value + 1 if isinstance(value, int) else f"{value}x"
        digests.add(digest_version(entry.identity._replace(**{field: other}), entry.digests))
    assert len(digests) == 1 + len(Identity._fields)


def test_an_untouched_chain_is_sound() -> None:
    """Chains of any length, empty ones too."""
    for length in (0, 1, 2, 9):
        entries = make_chain(length)
        assert walk(entries) is None


def test_what_is_wrong_is_named() -> None:
    """A table of alterations: the kind and the first bad entry."""
    chain = make_chain(6)
    forged = make_chain(3)[2]
    inserted = forged._replace(identity=forged.identity._replace(activities="x"))
    inserted = inserted._replace(
        link=link_digest(inserted.previous, digest_version(inserted.identity, inserted.digests))
    )
    moved_up = [renumbered(entry, entry.identity.sequence - 1) for entry in chain[3:]]
    moved_on = [renumbered(entry, entry.identity.sequence + 1) for entry in chain[2:]]
    swapped = [*chain[:2], renumbered(chain[3], 3), renumbered(chain[2], 4), *chain[4:]]
    changed = chain[2]._replace(texts=(*chain[2].texts[:3], "other", *chain[2].texts[4:]))
    unnamed = chain[2]._replace(identity=chain[2].identity._replace(filed_by="f" * 32))
    head = (6, chain[-1].link)
    cases: list[tuple[list[StoredEntry], tuple[int, str], FaultKind, int]] = [
        ([*chain[:2], changed, *chain[3:]], head, FaultKind.CHANGED, 3),
        ([*chain[:2], unnamed, *chain[3:]], head, FaultKind.CHANGED, 3),
        ([*chain[:2], *chain[3:]], head, FaultKind.MISSING, 3),
        ([*chain[:2], *moved_up], (5, chain[-1].link), FaultKind.MISSING, 3),
        ([*chain[:2], inserted, *moved_on], (7, chain[-1].link), FaultKind.INSERTED, 3),
        (swapped, head, FaultKind.REORDERED, 3),
        ([*chain[:2], chain[1], *chain[3:]], head, FaultKind.INSERTED, 3),
        ([*chain, renumbered(chain[-1], 7)], (7, chain[-1].link), FaultKind.INSERTED, 7),
        ([*chain[:2], renumbered(chain[2], 1), *chain[3:]], head, FaultKind.CHANGED, 3),
        (chain[:4], head, FaultKind.TRUNCATED, 5),
        (chain, (4, chain[3].link), FaultKind.INSERTED, 5),
        (chain, (6, chain[4].link), FaultKind.HEAD, 6),
    ]
    for number, (entries, said, kind, sequence) in enumerate(cases):
        fault = walk(entries, said)
        assert fault is not None, number
        assert (fault.kind, fault.sequence) == (kind, sequence), number


def test_a_rewritten_chain_breaks_its_seal() -> None:
    """All links recomputed and all in order: the seal over the old head tells."""
    chain = make_chain(4)
    fault = walk(chain, sealed={3: chain[1].link})
    assert fault is not None
    assert (fault.kind, fault.sequence) == (FaultKind.REWRITTEN, 3)


def test_a_seal_beyond_the_end_tells_of_a_cut() -> None:
    """Who cuts the chain and its head cannot cut the seal."""
    chain = make_chain(5)
    fault = walk(chain[:3], (3, chain[2].link), sealed={5: chain[4].link})
    assert fault is not None
    assert (fault.kind, fault.sequence) == (FaultKind.TRUNCATED, 4)


def test_a_black_out_needs_its_redaction() -> None:
    """Without a redaction it is a fault, with one it is none."""
    entry = make_chain(1)[0]
    texts, salts = black_out(dict(zip(PARTS, entry.texts, strict=True)), entry.salts, "minutes")
    black = entry._replace(texts=tuple(texts[part] for part in PARTS), salts=salts)
    fault = walk([black])
    assert fault is not None
    assert (fault.kind, fault.part) == (FaultKind.REDACTED, "minutes")
    allowed = frozenset({(entry.identity.version_id, "minutes")})
    assert walk([black], redacted=allowed) is None


@given(
    st.integers(1, 8), st.integers(0, 7), st.integers(0, 63), st.sampled_from("0123456789abcdef")
)
def test_any_changed_digit_of_a_link_shows(length: int, at: int, digit: int, to: str) -> None:
    """One hex digit of one link, anywhere."""
    chain = make_chain(length)
    entry = chain[at % length]
    link = entry.link[:digit] + to + entry.link[digit + 1 :]
    chain[at % length] = entry._replace(link=link)
    head = (length, make_chain(length)[-1].link)
    assert (walk(chain, head) is None) == (link == entry.link)
