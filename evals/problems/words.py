"""What people write in the generated weeks: about things that break, and about everything else. None of it was written by anybody."""

from __future__ import annotations

SERVICES = (
    ("ledger", "Ledgerwise", "software"),
    ("crm", "Clientory", "software"),
    ("time", "Hourbook", "software"),
    ("plm", "PartVault", "software"),
    ("travel", "Tripdesk", "software"),
    ("vpn", "VPN", "vpn"),
    ("mail", "E-mail", "email"),
    ("wifi", "Wi-Fi", "wifi"),
    ("print", "Printhub", "printing"),
    ("phone", "Voxline", "meetings"),
    ("files", "Sharebox", "files"),
    ("erp", "ERP", ""),
)
"""Of the generated organisation: id, name and category; the last one is no service of its list, people only call it so."""
CODES = {
    "software": ("HTTP 503", "HTTP 500", "LDX-2041", "APP-7712", "0x80004005", "ORA-12541"),
    "vpn": ("VPN-809", "error 691", "0x80072746", "tunnel_timeout"),
    "email": ("0x800CCC0E", "HTTP 503", "MSX-550"),
    "wifi": ("WLX-203", "auth_timeout"),
    "printing": ("0x0000011b", "PRN-302"),
    "meetings": ("SIP-408", "VX-5002"),
    "files": ("0x80070035", "SMB-53", "HTTP 500"),
    "": ("HTTP 503", "SAPX-1401", "error 1067"),
}
FAULTS = {
    "down": (
        "{app} is down",
        "I cannot reach {app} at all",
        "{app} does not open, the page never loads",
        "Is {app} offline? nothing comes up here",
        "no connection to {app} since this morning",
        "{app} unavailable, I get nothing but an error page",
        "Cannot get into {app}, it just spins and gives up",
        "our whole team is without {app} right now",
    ),
    "login": (
        "I cannot sign in to {app}",
        "{app} rejects my login although the password is right",
        "sign-in to {app} fails every time",
        "locked out of {app}, it says the login failed",
        "{app} keeps throwing me back to the login page",
        "when I log on to {app} it refuses",
        "authentication error in {app}",
        "my account does not work in {app} any more",
    ),
    "slow": (
        "{app} is extremely slow today",
        "every click in {app} takes a minute",
        "{app} hangs whenever I open anything",
        "waiting forever for {app} to respond",
        "{app} is so slow that I cannot work",
        "performance of {app} is terrible, it freezes",
        "{app} runs into timeouts all the time",
        "screens in {app} take ages and then time out",
    ),
    "save": (
        "I cannot save anything in {app}",
        "{app} loses what I enter when I save",
        "saving fails in {app}",
        "error when I store a record in {app}",
        "changes in {app} are gone after I press save",
        "{app} will not let me post, saving is broken",
        "posting in {app} stops with an error",
        "my entries in {app} are not kept",
    ),
    "print": (
        "nothing prints from {app}",
        "reports from {app} come out blank",
        "print jobs of {app} get stuck",
        "printing out of {app} is broken",
        "{app} does not produce the document, it stays empty",
        "blank pages when printing from {app}",
        "the export of {app} is empty",
        "PDFs made by {app} are blank",
    ),
    "drop": (
        "{app} disconnects every few minutes",
        "I am thrown out of {app} all the time",
        "the connection of {app} keeps dropping",
        "{app} loses the connection again and again",
        "constant disconnects with {app}",
        "{app} cuts off in the middle of work",
        "my session in {app} ends after a minute",
        "{app} drops me several times an hour",
    ),
}
NAMELESS = ("the system", "the application", "it", "the program", "our tool")
SAYS = ("It says {code}.", "The message is {code}", "error {code}", "it shows {code}", "with {code}", "{code} on the screen")
TAILS = (
    *("", "", "", "Please help.", "I need it for a customer today.", "Started about an hour ago."),
    *("Restarting did not help.", "Same for my colleague.", "Thanks"),
)
HOW_TO = (
    "How do I get access to {app}?",
    "How can I change my settings in {app}?",
    "Where can I find the manual of {app}?",
    "I need a licence for {app}",
    "Can you install {app} on my new laptop?",
    "How do I export a report from {app}?",
    "How do I reset my password for {app}?",
    "Please give my colleague access to {app}",
    "I would like to learn {app}, is there training for it?",
)
ALONE = (
    "My laptop does not charge any more",
    "The second monitor stays black after the dock was changed",
    "The keyboard types double letters",
    "I spilled coffee over my mouse and it is broken",
    "The headset has no sound in the left ear",
    "My phone does not receive the company mail after an update",
    "The battery of my laptop is empty after an hour",
    "Excel crashes when I open one big file",
    "The projector in room 4 shows a green picture",
    "I deleted a folder by mistake, can it be restored?",
    "My desktop icons are gone since the last restart",
    "The fan of my computer is very loud",
    "The webcam shows a black picture",
    "I cannot find the shared calendar of my team",
    "Windows asks for a recovery key when it starts",
    "The badge reader at the door does not read my card",
    "My browser shows a certificate warning on one page",
    "The scanner sends the files to the wrong folder",
    "The time on my computer is wrong by an hour",
    "A web page looks strange in my browser",
)
WISHES = (
    "I need a new mouse",
    "Please order a second screen for me",
    "Can I get a parking permit?",
    "How do I book a meeting room?",
    "How do I set up an out of office message?",
    "I want to change my display name",
    "Where do I hand in my old phone?",
    "How do I connect to the guest network?",
)
SITES = ("Northgate", "Harbour", "Hilltop")
