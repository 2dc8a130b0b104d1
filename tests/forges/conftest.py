"""Lets these tests import what all tests share (``repositories``), also where they are run alone."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
