"""一规: the norm packs that are loaded, and which of them binds an organisation."""
