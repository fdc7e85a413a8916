"""The coach's room in a browser. Server-rendered pages over the store; nothing is fetched from anywhere else.

app        the routes, and the application made of them
guard      every request: host, origin, who is looking, headers; what is not open to all is closed
viewers    who is looking and whose calls they may see
doors      the one-time address, logging in and out, people, the audit log
calls      the list of calls, one call and its report
recordings the sound of a call and its outline
agreement  how often people agree with the machine, and their corrections as training data
moments    the clearest cases of one thing over many calls: the worst interruptions, the best restatements
edits      what a person says against the machine
reps       trends of a rep, reps side by side, the team
jobs       recordings dropped on the page, heard one after another
pages      templates, and the .json and .csv twins of pages
"""
