"""The HTTP API, `/api/v1`: a platform hands requests in, looks, and says what it decided itself.

What must stay true: every act is the same store call as in Slack, by the same rules and with the
same sentences; whoever has no key learns nothing. FastAPI is imported once there is a key, so
`door` knows nothing of it. Open `door.py` first, then `routes.py`.
"""
