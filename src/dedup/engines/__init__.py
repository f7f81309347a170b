"""Engines that run the stages."""
