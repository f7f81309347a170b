"""What runs measured, what of it is out of the ordinary, and telling people about it by webhook."""
