"""From a Transcript to what analyzers read: parsed utterances, turns, roles, and the labeller's judgements."""
