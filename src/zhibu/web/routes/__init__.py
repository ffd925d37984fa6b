"""The addresses, a module for each part of the house.

Each module has `urlpatterns` and `RIGHTS`: for every name the verb that its view asks for. A test
fails for an address that no right names, and walks every address with every role.
"""

from __future__ import annotations

from typing import Final

PUBLIC: Final = "public"  # nobody needs to be signed in
SIGNED_IN: Final = "signed_in"  # everybody who is signed in; shows only what is their own
BEARER: Final = "bearer"  # whoever has the address, which nobody can guess
STEP: Final = "step"  # a step of getting in: opens only for who has begun it
