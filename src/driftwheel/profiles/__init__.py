"""Profiles: what is kept of many images without any pixel, in a form that merges."""

from driftwheel.profiles.embedding_moments import EmbeddingMoments, covariance
from driftwheel.profiles.profile import Profile, empty_profile, merge, profile_records
from driftwheel.profiles.profile_builder import ProfileBuilder
from driftwheel.profiles.profile_file import from_bytes, read_profiles, to_bytes, write_profiles
from driftwheel.profiles.profile_set import ProfileKey, ProfileSet, merge_sets, regroup, single
from driftwheel.profiles.projection import Projection
from driftwheel.profiles.property_definition import PropertyDefinition
from driftwheel.profiles.property_summary import PropertySummary, mean, standard_deviation
from driftwheel.profiles.quantile import Quantile, quantile

__all__ = [
    "EmbeddingMoments",
    "Profile",
    "ProfileBuilder",
    "ProfileKey",
    "ProfileSet",
    "Projection",
    "PropertyDefinition",
    "PropertySummary",
    "Quantile",
    "covariance",
    "empty_profile",
    "from_bytes",
    "mean",
    "merge",
    "merge_sets",
    "profile_records",
    "quantile",
    "read_profiles",
    "regroup",
    "single",
    "standard_deviation",
    "to_bytes",
    "write_profiles",
]
