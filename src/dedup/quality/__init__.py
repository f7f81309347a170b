"""Running the suites of expectations."""
