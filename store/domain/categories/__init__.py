"""What is particular to each category: a file each, holding one frozen `Spec`.

`store.domain.request.SPECS` is the registry: whatever differs by category is asked of
`category.spec`, and of no other table. Nothing in here knows a request.
Open `spec.py` first, then `release.py`.
"""
