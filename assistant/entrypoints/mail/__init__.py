"""E-mail as a channel: a mailbox in, threaded replies out, and the page that the links of a reply open."""
