"""The invented district: any size, fixed seed, with its truth; and its workbooks as handed in."""

from evalib.sampling.district import InventedDistrict, invent_district
from evalib.sampling.truth import Truth
from evalib.sampling.workbooks import write_workbooks

__all__ = ["InventedDistrict", "Truth", "invent_district", "write_workbooks"]
