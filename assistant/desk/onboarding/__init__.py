"""Joiners and leavers: checklists, calendars, and what follows from what. Pure: nothing here reads or stores anything."""
