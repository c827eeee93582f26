"""The proof of the record: sealed histories, what follows from them, and whether it is what stands.

Every event seals what it changed, with the hash of the event before; what people wrote stands apart
and is sealed by a salted hash, so that it can be erased and the history still holds. What must stay
true: an event is only ever added. Open `events.py` first.
"""
