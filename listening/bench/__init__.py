"""`listening bench`: speed, memory and accuracy on this machine, every figure from a process of its own.

runs.py        starts the workers, takes wall time and peak memory, makes medians
hearing.py     worker: the whole pipeline on one recording
reference.py   worker: openai-whisper's own command on the same recording and weights
text.py        worker: analysis and scoring of a transcript
accuracy.py    a call against its exact truth
store.py       a store with very many calls: its queries, their plans, its size
made_up.py     the calls it is filled with
many.py        a batch of transcripts, and scoring again from stored findings
"""
