"""What headings and words mean in a ledger: the vocabulary of those who keep them."""

from registry.intake.meaning.columns import field_of
from registry.intake.meaning.folding import fold
from registry.intake.meaning.proposing import propose, signature

__all__ = ["field_of", "fold", "propose", "signature"]
