"""Hear how well a salesperson listens: a recording becomes a transcript, findings, measures and a scorecard.

The library is layered in floors whose imports point down only; `tests/test_floors.py` lists them. Importing this
package loads none of the heavy libraries.
"""

__version__ = "0.1.0"
