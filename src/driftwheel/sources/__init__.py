"""Sources: where images come from, and when and where they were taken."""

from driftwheel.sources.name_pattern import NamePattern, parse_name_pattern
from driftwheel.sources.open_source import open_source
from driftwheel.sources.source import Source
from driftwheel.sources.time_table import TimeTable, read_time_table

__all__ = [
    "NamePattern",
    "Source",
    "TimeTable",
    "open_source",
    "parse_name_pattern",
    "read_time_table",
]
