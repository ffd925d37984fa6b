"""The tallies of reach say how people were reached; receipts say as what they are counted."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def fold_anew(apps: Any, schema_editor: Any) -> None:  # noqa: ARG001 - Django's signature
    """The worker counts all receipts again; what is read meanwhile is the same."""
    apps.get_model("dissemination", "Reached").objects.all().delete()
    receipts = apps.get_model("dissemination", "Receipt").objects
    receipts.filter(is_valid=False).update(is_folded=True)


class Migration(migrations.Migration):
    """Reached.by_meeting, by_visit; Receipt.counted_as and is_folded in place of is_counted."""

    dependencies = [("dissemination", "0002_unfolded")]

    operations = [
        migrations.RemoveIndex(model_name="receipt", name="receipt_unfolded"),
        migrations.RemoveField(model_name="receipt", name="is_counted"),
        migrations.AddField(
            model_name="receipt",
            name="counted_as",
            field=models.CharField(blank=True, default="", max_length=8),
        ),
        migrations.AddField(
            model_name="receipt", name="is_folded", field=models.BooleanField(default=False)
        ),
        migrations.AddField(
            model_name="reached", name="by_meeting", field=models.IntegerField(default=0)
        ),
        migrations.AddField(
            model_name="reached", name="by_visit", field=models.IntegerField(default=0)
        ),
        migrations.RunPython(fold_anew, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(("is_folded", False)),
                fields=["text", "version", "path"],
                name="receipt_unfolded",
            ),
        ),
    ]
