"""Texts are found by their files, and among those sent from certain places: indexed anew."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def note_texts(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """The worker takes them in."""
    note, text = apps.get_model("search", "SearchNote"), apps.get_model("dissemination", "Text")
    keys = text.objects.exclude(state="draft").order_by().values_list("pk", flat=True)
    rows = (note(kind="text", subject=key) for key in keys.iterator(chunk_size=2000))
    note.objects.bulk_create(rows, batch_size=2000)


class Migration(migrations.Migration):
    """Notes for all texts that were sent."""

    dependencies = [("search", "0001_entries"), ("dissemination", "0003_ways")]

    operations = [migrations.RunPython(note_texts, migrations.RunPython.noop)]
