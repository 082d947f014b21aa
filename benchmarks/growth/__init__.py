"""
What operations of a storage cost in a large collection, by what they cost in a small one.

``python -m benchmarks.growth`` calls the methods of the storage within the process. What the size
of a collection must not matter to has a ratio of 1.
"""
