"""What happens to a certificate, each a verb that puts a new version behind the last. The rooms of the verbs:

granting (grant, bring in), renewing (renew, start of works), changing (change, re-issue, review), suspension,
moving (between provinces), endings (cancel, lapse, restore); specialities have a module of their own.
"""

from __future__ import annotations

from registry.certificates.chain import Ended, HeldBack, add_scans, follow, held, require_live
from registry.certificates.changing import change, reissue, reviewed
from registry.certificates.endings import ENDINGS, NotEnded, NotRestored, cancel, lapse, restore
from registry.certificates.granting import HeldThere, bring_in, grant, next_code, same_post
from registry.certificates.moving import NotLeaving, send_out, sent_out, withdraw_sending
from registry.certificates.renewing import AlreadyRenewed, TooManyExtensions, renew, renewals, start_work
from registry.certificates.suspension import NotSuspended, Suspended, give_back, suspend
from registry.certificates.windows import next_review

__all__ = [
    "ENDINGS", "AlreadyRenewed", "Ended", "HeldBack", "HeldThere", "NotEnded", "NotLeaving", "NotRestored",
    "NotSuspended", "Suspended", "TooManyExtensions", "add_scans", "bring_in", "cancel", "change", "follow",
    "give_back", "grant", "held", "lapse", "next_code", "next_review", "reissue", "renew", "renewals", "require_live",
    "restore", "reviewed", "same_post", "send_out", "sent_out", "start_work", "suspend", "withdraw_sending",
]
