"""The index, and what each database looks into it with."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import zhibu.network.search.fields
import zhibu.people.keys

# On PostgreSQL the numbers of an entry lie under GIN. `search_hits` gives the newest numbers that are
# asked for: a frequent word is found among the newest entries, one by one; only when that did not
# give enough, the index is asked (`search_deep`), year by year, so that a word that was on everybody's
# lips years ago is not sorted whole. `search_deep` forbids the plans that a wrong guess would make
# dear. Names of members are cut into pairs by the index itself: nothing has to be kept up.
POSTGRESQL = (
    "CREATE INDEX search_terms ON search_searchentry USING gin (terms)",
    """
    CREATE FUNCTION search_deep(
        asked integer[], places integer[], below bigint, year_zero integer, most integer
    ) RETURNS SETOF bigint LANGUAGE plpgsql STABLE
    SET enable_seqscan = off AS $$
    DECLARE
        oldest bigint := (SELECT min(number) FROM search_searchentry);
        newest bigint := (SELECT max(number) FROM search_searchentry WHERE number < below);
        now_found integer;
        found_so_far integer := 0;
    BEGIN
        IF newest IS NULL THEN
            RETURN;
        END IF;
        FOR this_year IN REVERSE
            extract(year FROM date '0001-01-01' - 1 + (newest >> 41)::integer)::integer ..
            extract(year FROM date '0001-01-01' - 1 + (oldest >> 41)::integer)::integer
        LOOP
            IF places IS NULL THEN
                RETURN QUERY SELECT e.number FROM search_searchentry e
                    WHERE e.terms @> (asked || (year_zero + this_year)) AND e.number + 0 < below
                    ORDER BY e.number + 0 DESC LIMIT most - found_so_far;
            ELSE
                RETURN QUERY SELECT e.number FROM search_searchentry e
                    WHERE e.terms @> (asked || (year_zero + this_year)) AND e.terms && places
                      AND e.number + 0 < below
                    ORDER BY e.number + 0 DESC LIMIT most - found_so_far;
            END IF;
            GET DIAGNOSTICS now_found = ROW_COUNT;
            found_so_far := found_so_far + now_found;
            EXIT WHEN found_so_far >= most;
        END LOOP;
    END $$
    """,
    """
    CREATE FUNCTION search_hits(
        asked integer[], places integer[], below bigint, year_zero integer, most integer,
        walk integer
    ) RETURNS SETOF bigint LANGUAGE plpgsql STABLE AS $$
    DECLARE
        near bigint[] := ARRAY(
            SELECT newest.number FROM (
                SELECT e.number, e.terms FROM search_searchentry e
                WHERE e.number < below ORDER BY e.number DESC LIMIT walk
            ) newest
            WHERE newest.terms @> asked AND (places IS NULL OR newest.terms && places)
            ORDER BY newest.number DESC LIMIT most
        );
    BEGIN
        IF cardinality(near) >= most THEN
            RETURN QUERY SELECT unnest(near);
        ELSE
            RETURN QUERY SELECT search_deep(asked, places, below, year_zero, most);
        END IF;
    END $$
    """,
    """
    CREATE INDEX search_member_name ON org_member USING gin ((ARRAY[
        substr(lower(name), 1, 2), substr(lower(name), 2, 2), substr(lower(name), 3, 2),
        substr(lower(name), 4, 2), substr(lower(name), 5, 2), substr(lower(name), 6, 2),
        substr(lower(name), 7, 2), substr(lower(name), 8, 2), substr(lower(name), 9, 2)
    ]))
    """,
)
SQLITE = (
    """
    CREATE VIRTUAL TABLE search_words USING fts5(
        terms, content='search_searchentry', content_rowid='number', detail='none', tokenize='ascii'
    )
    """,
    """
    CREATE TRIGGER search_entry_made AFTER INSERT ON search_searchentry BEGIN
        INSERT INTO search_words(rowid, terms) VALUES (new.number, new.terms);
    END
    """,
    """
    CREATE TRIGGER search_entry_gone AFTER DELETE ON search_searchentry BEGIN
        INSERT INTO search_words(search_words, rowid, terms)
        VALUES ('delete', old.number, old.terms);
    END
    """,
    """
    CREATE TRIGGER search_entry_moved AFTER UPDATE OF number, terms ON search_searchentry BEGIN
        INSERT INTO search_words(search_words, rowid, terms)
        VALUES ('delete', old.number, old.terms);
        INSERT INTO search_words(rowid, terms) VALUES (new.number, new.terms);
    END
    """,
)
UNDO = {
    "postgresql": (
        "DROP INDEX search_member_name",
        "DROP FUNCTION search_hits(integer[], integer[], bigint, integer, integer, integer)",
        "DROP FUNCTION search_deep(integer[], integer[], bigint, integer, integer)",
        "DROP INDEX search_terms",
    ),
    "sqlite": (
        "DROP TRIGGER search_entry_moved",
        "DROP TRIGGER search_entry_gone",
        "DROP TRIGGER search_entry_made",
        "DROP TABLE search_words",
    ),
}


def make(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """Indexes, function, triggers."""
    vendor = schema_editor.connection.vendor
    for statement in POSTGRESQL if vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def unmake(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """Take them away again."""
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def note_all(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """What was filed before there was an index: the worker takes it in."""
    note, record = apps.get_model("search", "SearchNote"), apps.get_model("handbook", "Record")
    keys = record.objects.filter(current__isnull=False).values_list("pk", flat=True)
    rows = (note(kind="record", subject=key) for key in keys.iterator(chunk_size=2000))
    note.objects.bulk_create(rows, batch_size=2000)


class Migration(migrations.Migration):
    """SearchEntry, SearchNote, SearchPlace."""

    initial = True

    dependencies = [("org", "0006_choices"), ("handbook", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SearchNote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=zhibu.people.keys.new_key,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("record", "记录"), ("text", "传达")], max_length=10
                    ),
                ),
                ("subject", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name="SearchPlace",
            fields=[
                (
                    "organization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="org.organization",
                    ),
                ),
                ("path", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("record", "记录"), ("text", "传达")], max_length=10
                    ),
                ),
                ("subject", models.UUIDField(unique=True)),
                ("source", models.UUIDField()),
                ("is_talk", models.BooleanField(default=False)),
                ("terms", zhibu.network.search.fields.TermsField()),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="org.organization",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(
                condition=models.Q(("kind", "text")), fields=["source"], name="search_text_source"
            ),
        ),
        migrations.RunPython(make, unmake),
        migrations.RunPython(note_all, migrations.RunPython.noop),
    ]
