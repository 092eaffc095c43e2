"""`python -m groundglm`: the command line."""
