"""A stand-in for DingTalk: its two hosts, their state, rules, error codes and limits.

Written from DingTalk's documentation alone and sharing nothing with the connector, so that one checks the other.
Where the documentation is silent or contradicts itself, the behaviour is a field of ``Switches``.
"""

from sandbox.dingtalk.platform import DingTalk

__all__ = ["DingTalk"]
