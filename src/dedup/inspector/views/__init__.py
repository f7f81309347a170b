"""One module per area of the page: which template, with which rows."""
