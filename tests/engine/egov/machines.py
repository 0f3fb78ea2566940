"""Six permit and licence state machines as they run in municipalities, copied down: states, actions, roles, days.

From egovernments/municipal-services (MIT), the files named with each. A state with an SLA says its days in brackets;
one without actions is an end. `NEW` is the state before the first action (null in the files).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

PROFESSIONALS = ("BPA_ARCHITECT BPA_ENGINEER BPA_BUILDER BPA_STRUCTURALENGINEER BPA_TOWNPLANNER BPA_SUPERVISOR")
PAYERS = f"CITIZEN {PROFESSIONALS} SYSTEM_PAYMENT CEMP"


@dataclass(frozen=True)
class Transition:
    """From a state, by an action of somebody in one of the roles, to the next state."""

    state: str
    action: str
    target: str
    roles: frozenset[str]


@dataclass(frozen=True)
class Machine:
    """One business service. `days` the whole may take, `slas` a state may take (both as the source counts them)."""

    file: str
    days: float | None
    transitions: tuple[Transition, ...]
    slas: dict[str, float]

    @cached_property
    def states(self) -> list[str]:
        """The states in which somebody acts, in the order of the file."""
        return list(dict.fromkeys(one.state for one in self.transitions))

    @cached_property
    def ends(self) -> frozenset[str]:
        """The states in which nobody acts any more."""
        return frozenset(one.target for one in self.transitions) - set(self.states)

    @cached_property
    def begins(self) -> list[str]:
        """NEW, and states that nothing in the file leads to: cases come into them from outside."""
        reached = {one.target for one in self.transitions if one.target != one.state}
        return ["NEW", *(state for state in self.states if state not in reached | {"NEW"})]

    def out_of(self, state: str) -> list[Transition]:
        """What can be done in a state."""
        return [one for one in self.transitions if one.state == state]


def machine(file: str, days: float | None, text: str) -> Machine:
    """A machine from its lines: a state, then indented its `ACTION > NEXT: ROLES`."""
    found, slas, state = list[Transition](), dict[str, float](), ""
    for line in filter(str.strip, text.splitlines()):
        if ">" not in line:
            state, _, sla = line.strip().partition(" [")
            slas |= {state: float(sla.rstrip("]"))} if sla else {}
            continue
        action, _, rest = line.strip().partition(" > ")
        target, _, roles = rest.partition(": ")
        named = roles.replace("*payers", PAYERS).replace("*professionals", PROFESSIONALS)
        found.append(Transition(state, action, target, frozenset(named.split())))
    return Machine(file, days, tuple(found), slas)


MACHINES = {
    "BPA": machine("bpa-services-workflow-config.json", 60, """
        NEW
          INITIATE > SEND_TO_CITIZEN: *professionals
        SEND_TO_CITIZEN
          SEND_TO_CITIZEN > CITIZEN_APPROVAL_PENDING: *professionals
          INITIATE > SEND_TO_CITIZEN: *professionals
        CITIZEN_APPROVAL_PENDING
          APPROVE > INPROGRESS: CITIZEN
          SEND_TO_ARCHITECT > SEND_TO_CITIZEN: CITIZEN
        INPROGRESS
          INITIATE > INPROGRESS: *professionals
          APPLY > PENDING_APPL_FEE_PAYMENT: *professionals
        PENDING_APPL_FEE_PAYMENT
          PAY > DOC_VERIFICATION_PENDING: *payers
          SKIP_PAYMENT > DOC_VERIFICATION_PENDING: *payers
          ADHOC > PENDING_APPL_FEE_PAYMENT: *payers
        DOC_VERIFICATION_PENDING
          FORWARD > FIELDINSPECTION_PENDING: BPA_VERIFIER
          REJECT > REJECTED: BPA_VERIFIER
          SEND_BACK_TO_CITIZEN > BACK_FROM_DOC_VERIFICATION: BPA_VERIFIER
        FIELDINSPECTION_PENDING
          REJECT > REJECTED: BPA_FIELD_INSPECTOR
          FORWARD > NOC_VERIFICATION_PENDING: BPA_FIELD_INSPECTOR
          SEND_BACK_TO_CITIZEN > BACK_FROM_FI_VERIFICATION: BPA_FIELD_INSPECTOR
        NOC_VERIFICATION_PENDING
          REJECT > REJECTED: BPA_NOC_VERIFIER
          FORWARD > PENDINGAPPROVAL: BPA_NOC_VERIFIER
          SEND_BACK_TO_CITIZEN > BACK_FROM_NOC_VERIFICATION: BPA_NOC_VERIFIER
        PENDINGAPPROVAL
          REJECT > REJECTED: BPA_APPROVER
          APPROVE > PENDING_SANC_FEE_PAYMENT: BPA_APPROVER
        PENDING_SANC_FEE_PAYMENT
          ADHOC > PENDING_SANC_FEE_PAYMENT: *payers
          PAY > APPROVED: *payers
          SKIP_PAYMENT > APPROVED: *payers BPA_APPROVER
        BACK_FROM_DOC_VERIFICATION
          FORWARD > DOC_VERIFICATION_PENDING: CITIZEN BPA_ARCHITECT
        BACK_FROM_FI_VERIFICATION
          FORWARD > FIELDINSPECTION_PENDING: CITIZEN BPA_ARCHITECT
        BACK_FROM_NOC_VERIFICATION
          FORWARD > NOC_VERIFICATION_PENDING: CITIZEN BPA_ARCHITECT
    """),
    "PGR": machine("pgr-services-workflowConfig.json", 5, """
        NEW
          APPLY > PENDINGFORASSIGNMENT: CITIZEN CSR
        PENDINGFORASSIGNMENT
          ASSIGN > PENDINGATLME: GRO DGRO
          REJECT > REJECTED: GRO DGRO
        PENDINGFORREASSIGNMENT
          ASSIGN > PENDINGATLME: GRO DGRO
          REJECT > REJECTED: GRO DGRO
        PENDINGATLME [3]
          RESOLVE > RESOLVED: PGR_LME
          REASSIGN > PENDINGFORREASSIGNMENT: PGR_LME
        REJECTED
          REOPEN > PENDINGFORASSIGNMENT: CFC CSR CITIZEN
          RATE > CLOSEDAFTERREJECTION: CFC CITIZEN
        RESOLVED
          REOPEN > PENDINGFORASSIGNMENT: CFC CSR CITIZEN
          RATE > CLOSEDAFTERRESOLUTION: CFC CITIZEN
    """),
    "PT.MUTATION": machine("property-services-WorkflowPropertyMutation.json", None, """
        NEW
          OPEN > OPEN: CITIZEN EMPLOYEE
        OPEN
          VERIFY > DOCVERIFIED: PT_DOC_VERIFIER
          REJECT > REJECTED: PT_DOC_VERIFIER
          SENDBACKTOCITIZEN > CORRECTIONPENDING: PT_DOC_VERIFIER
        DOCVERIFIED
          FORWARD > FIELDVERIFIED: PT_FIELD_INSPECTOR
        FIELDVERIFIED
          PAY > PAID: CITIZEN PT_CEMP
        PAID
          APPROVE > APPROVED: PT_APPROVER
        CORRECTIONPENDING
          REJECT > REJECTED: CITIZEN PT_CEMP
          REOPEN > OPEN: CITIZEN PT_CEMP
    """),
    "NewTL": machine("tl-services-WorkflowTradeLicense.json", 2, """
        NEW
          INITIATE > INITIATED: CITIZEN TL_CEMP
        INITIATED
          APPLY > APPLIED: CITIZEN TL_CEMP
          INITIATE > INITIATED: CITIZEN TL_CEMP
        APPLIED
          FORWARD > FIELDINSPECTION: TL_DOC_VERIFIER
          REJECT > REJECTED: TL_DOC_VERIFIER
        FIELDINSPECTION [1]
          SENDBACKTOCITIZEN > CITIZENACTIONREQUIRED: TL_FIELD_INSPECTOR
          FORWARD > PENDINGAPPROVAL: TL_FIELD_INSPECTOR
          REJECT > REJECTED: TL_FIELD_INSPECTOR
          SENDBACK > APPLIED: TL_FIELD_INSPECTOR
        PENDINGAPPROVAL [0.5]
          SENDBACK > FIELDINSPECTION: TL_APPROVER
          APPROVE > PENDINGPAYMENT: TL_APPROVER
          REJECT > REJECTED: TL_APPROVER
        PENDINGPAYMENT [0.5]
          ADHOC > PENDINGPAYMENT: TL_CEMP
          PAY > APPROVED: CITIZEN TL_CEMP SYSTEM_PAYMENT
        APPROVED
          EXPIRE > EXPIRED: SYSTEM
          CANCEL > CANCELLED: TL_APPROVER
        CITIZENACTIONREQUIRED
          RESUBMIT > FIELDINSPECTION: TL_CEMP
          FORWARD > FIELDINSPECTION: CITIZEN TL_CEMP
    """),
    "DIRECTRENEWAL": machine("tl-services-WorkflowTradeLicenseDirectRenewal.json", 2, """
        NEW
          INITIATE > PENDINGPAYMENT: CITIZEN TL_CEMP
        PENDINGPAYMENT
          PAY > APPROVED: CITIZEN TL_CEMP SYSTEM_PAYMENT
        APPROVED_OLD
          REJECT > REJECTED: TL_DOC_VERIFIER
    """),
    "NewWS1": machine("ws-services-WorkflowNewWaterConnection.json", 3, """
        NEW
          INITIATE > INITIATED: CITIZEN WS_CEMP
        INITIATED
          SUBMIT_APPLICATION > PENDING_FOR_DOCUMENT_VERIFICATION: CITIZEN WS_CEMP
        PENDING_FOR_CITIZEN_ACTION
          RESUBMIT_APPLICATION > PENDING_FOR_DOCUMENT_VERIFICATION: CITIZEN WS_CEMP
        PENDING_FOR_DOCUMENT_VERIFICATION
          VERIFY_AND_FORWARD > PENDING_FOR_FIELD_INSPECTION: WS_DOC_VERIFIER
          REJECT > REJECTED: WS_DOC_VERIFIER
          SEND_BACK_TO_CITIZEN > PENDING_FOR_CITIZEN_ACTION: WS_DOC_VERIFIER
        PENDING_FOR_FIELD_INSPECTION [1]
          VERIFY_AND_FORWARD > PENDING_APPROVAL_FOR_CONNECTION: WS_FIELD_INSPECTOR
          REJECT > REJECTED: WS_FIELD_INSPECTOR
          SEND_BACK_FOR_DOCUMENT_VERIFICATION > PENDING_FOR_DOCUMENT_VERIFICATION: WS_FIELD_INSPECTOR
        PENDING_APPROVAL_FOR_CONNECTION [0.5]
          APPROVE_FOR_CONNECTION > PENDING_FOR_PAYMENT: WS_APPROVER
          REJECT > REJECTED: WS_APPROVER
          SEND_BACK_FOR_FIELD_INSPECTION > PENDING_FOR_FIELD_INSPECTION: WS_APPROVER
        PENDING_FOR_PAYMENT [0.5]
          PAY > PENDING_FOR_CONNECTION_ACTIVATION: CITIZEN WS_CEMP
        PENDING_FOR_CONNECTION_ACTIVATION
          ACTIVATE_CONNECTION > CONNECTION_ACTIVATED: WS_CLERK
    """),
}
