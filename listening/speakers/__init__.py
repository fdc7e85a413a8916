"""Who speaks: voices told apart on one channel (diarization), and which of them is the rep (roles)."""
