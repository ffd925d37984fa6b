"""一册: records, their permanent versions, attachments; the bound year."""
