"""What the makers of a model family promise of its API: one data file a family."""

from __future__ import annotations

from verifier.contracts.loader import GENERIC, Contract, ContractError, contract_for, families, load

__all__ = ("GENERIC", "Contract", "ContractError", "contract_for", "families", "load")
