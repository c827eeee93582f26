"""Webhooks: what is owed to platforms is drawn, signed and sent, by the Standard Webhooks spec.

What must stay true: a delivery has the same id at each try; nothing is sent to an address that is
not meant to be; a receiver that is slow or down holds up nobody else. Open `loop.py` first.
"""
