"""What the rules that national indicators share come to: for one indicator, and in numbers to be said."""

from __future__ import annotations

from evalib.settings.balance import BalanceIndicator, BalanceParams, PerPupils, Satisfaction, Status


def status_of(balance: BalanceParams, indicator: BalanceIndicator) -> Status:
    """Whether an indicator's limits and all that its rule rests on were read; else "recalled"."""
    known = [indicator.status]
    if isinstance(indicator.rule, PerPupils) and indicator.rule.counted:
        known.append(balance.teachers.status)
    if isinstance(indicator.rule, Satisfaction):
        known.append(balance.satisfaction.status)
    return "recalled" if "recalled" in known else "read"


def counts_of_section_rule(balance: BalanceParams) -> dict[str, int]:
    """The rule over a section's resources in numbers.

    Returns
    -------
    `least` that must be met, of `all`; `failing`: as soon as so many are not, the section fails.
    """
    every, least = len(balance.resources), balance.section_rule.least_met
    return {"least": least, "all": every, "failing": every - least + 1}
