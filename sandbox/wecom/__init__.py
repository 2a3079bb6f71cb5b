"""WeCom as an enterprise's own application sees it: address book, tags, application messages.

Asynchronous imports, callbacks, hand-over, media and webhook robots are left out.
"""

from sandbox.wecom.platform import WeCom

__all__ = ["WeCom"]
