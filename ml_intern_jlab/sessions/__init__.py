"""Sessions, their runs, the policy that decides what asks, and the journal that is the truth about all of them."""
