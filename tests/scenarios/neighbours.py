"""Neighbours of the edge cases beside the repository, in their form: what HR sends on bad days, and its end.

What is expected follows from the contract and its table of what a fact means, not from what the code answers.
Words of a delivery beyond theirs: `overtaken` (taken, without effect as things stand), `inbox` (waits for a person),
`withdrawn_again`.
"""

from cases_of_delivery import case as delivery
from cases_of_identity import case as identity
from cases_of_lifecycle import case as lifecycle
from cases_of_organisation import case as organisation
from cases_of_payload import case as payload
from cases_of_platforms import case as platforms
from cases_of_time import case as time

CASES = lifecycle | delivery | organisation | identity | time | payload
PLATFORMS = platforms
"""Those in which platforms and their administrators act, too; each is played on several."""
