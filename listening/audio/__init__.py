"""Audio in: `decode` (any container), `channels` (what each channel holds), `activity` (where there is speech)."""
