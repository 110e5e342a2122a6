"""The commands of ``firstline eval``, one module each; ``evals.cli`` lists them."""
