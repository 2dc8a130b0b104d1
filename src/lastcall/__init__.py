"""The last call before a release: late changes without a review, joins without an index."""

__version__ = "0.1.0"
