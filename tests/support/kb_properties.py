"""How property tests of the knowledge base run: the same examples every time, and no clock."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from kb.model import Platform

GROUPS = ("finance", "hr", "it-admins", "managers")
WORDS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=80)
GROUP_SETS = st.frozensets(st.sampled_from(GROUPS))
PLATFORM_SETS = st.frozensets(st.sampled_from(list(Platform)), max_size=3)
ANY_PLATFORM = st.none() | st.sampled_from(list(Platform))


def examples(count: int) -> settings:
    """Run so many examples."""
    return settings(max_examples=count, derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow])
