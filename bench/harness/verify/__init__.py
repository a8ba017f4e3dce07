"""The measurement of `switchover verify` over live clusters."""
