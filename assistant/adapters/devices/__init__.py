"""Device management: a list of one's own, NinjaOne, Salt."""
