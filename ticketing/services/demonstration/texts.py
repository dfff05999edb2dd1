"""What invented people write about: topics of a small company's help desk, in sentences with gaps to fill."""

from dataclasses import dataclass
from typing import Final

from ticketing.domain.articles import Visibility
from ticketing.domain.statuses import TicketCategory


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of trouble: what is written about it, by whoever has it and by whoever helps."""

    category: TicketCategory
    tags: tuple[str, ...]
    titles: tuple[str, ...]
    complaints: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[str, ...]


GAPS: Final[dict[str, tuple[str, ...]]] = {
    "place": (
        "the front office",
        "room 204",
        "the warehouse",
        "the second floor",
        "the meeting room",
        "my home office",
    ),
    "device": ("laptop", "desktop computer", "docking station", "second monitor", "headset", "tablet"),
    "printer": ("the label printer", "the big copier", "the printer by the stairs", "the colour printer"),
    "app": (
        "the calendar",
        "the invoicing program",
        "the spreadsheet program",
        "the mail program",
        "the CRM",
        "the wiki",
    ),
    "when": ("since this morning", "since yesterday", "since the last update", "for two days", "every day around noon"),
    "error": ("error 0x80070005", "“access denied”", "“connection reset”", "an empty window", "“try again later”"),
    "amount": ("48.20", "120.00", "1,349.00", "75.90", "260.00"),
    "month": ("last month", "this quarter", "March", "June", "October"),
    "team": ("the sales team", "accounting", "the night shift", "our apprentices", "the whole department"),
    "file": ("the price list", "the duty roster", "the annual report", "the stock list", "the customer survey"),
}

GREETINGS: Final = ("Hello,", "Hi,", "Good morning,", "Dear support,", "Hi all,", "")
CLOSINGS: Final = (
    "Thank you!",
    "Thanks in advance.",
    "Could you have a look?",
    "It is not urgent.",
    "Best regards",
    "",
)
PRESSURE: Final = (
    "I have a presentation tomorrow, so a quick answer would help a lot.",
    "{team} cannot work without it.",
    "Restarting did not help.",
    "A colleague has the same problem.",
    "I attached nothing since there is nothing to see but {error}.",
    "It worked fine until {month}.",
)
REPLIES: Final = (
    "I tried that, and it is still the same: {error}.",
    "It is the {device} in {place}.",
    "That changed something: now it works once, then it stops again.",
    "Yes, it happens {when}, and for {team} too.",
    "I can be reached until four. The room is {place}.",
    "No, I did not change anything.",
)
THANKS: Final = (
    "That did it, thank you!",
    "Works again. Great!",
    "Perfect, thanks for the quick help.",
    "All good now.",
)
AGAIN: Final = (
    "I am afraid it is back, {when}.",
    "It worked for a day. Now I see {error} again.",
    "Sorry to reopen this, but {team} still has the problem.",
)
NUDGES: Final = (
    "Is there any news?",
    "Do you need anything else from me?",
    "Just asking whether somebody has seen this.",
)
ASSURANCES: Final = (
    "Please reply here if it comes back.",
    "I will keep an eye on it this week.",
    "Let us know if there is anything else.",
    "If it happens again, note the time: that helps us a lot.",
)
NOTES: Final = (
    "Same as last week in {place}. We should replace it.",
    "Called back, nobody there. Trying again tomorrow.",
    "The supplier says that a fix comes {month}.",
    "Could be the switch in {place}: three reports this week.",
    "Checked the logs: {error}, {when}.",
    "Budget for a new {device} is approved.",
)
WAITING: Final = (
    "We have ordered a replacement and will write as soon as it arrives.",
    "The supplier is looking into it. I will come back to you.",
    "This needs a change at our provider, who takes a few days.",
)

TOPICS: Final = (
    Topic(
        TicketCategory.HARDWARE,
        ("printer",),
        (
            "Paper jam in {printer}",
            "{printer} prints stripes",
            "Cannot print to {printer}",
            "Toner of {printer} is empty",
        ),
        (
            "Nothing comes out of {printer} {when}.",
            "{printer} in {place} shows {error}.",
            "Each page from {printer} has grey stripes.",
        ),
        ("Which lamp is lit at {printer}?", "Does it print its own test page?"),
        (
            "I have removed a torn sheet from the rear tray of {printer}.",
            "{printer} has a new drum now.",
            "Please choose {printer} again in the print dialog: its address has changed.",
        ),
    ),
    Topic(
        TicketCategory.HARDWARE,
        ("device", "replacement"),
        (
            "New {device} needed",
            "My {device} does not start",
            "{device} is very loud",
            "The {device} in {place} is broken",
        ),
        (
            "The {device} has been making trouble {when}.",
            "My {device} stays black when I switch it on.",
            "The cable of the {device} in {place} has come loose.",
        ),
        ("What does the label on the underside of the {device} say?", "Is the light beside the socket on?"),
        (
            "A new {device} is waiting for you in {place}.",
            "Hold the power button for thirty seconds, then start it again.",
            "We have exchanged the cable.",
        ),
    ),
    Topic(
        TicketCategory.NETWORK,
        ("wifi",),
        ("No Wi-Fi in {place}", "Wi-Fi drops {when}", "Guests cannot use the Wi-Fi", "Slow network in {place}"),
        (
            "The Wi-Fi in {place} drops every few minutes {when}.",
            "My {device} finds the network and then shows {error}.",
        ),
        ("Does it happen with a cable as well?", "Which network name did you choose?"),
        (
            "The access point in {place} had a bad cable; it is replaced.",
            "Please forget the network once and sign in again.",
            "We moved {place} to another channel.",
        ),
    ),
    Topic(
        TicketCategory.NETWORK,
        ("vpn",),
        ("VPN does not connect", "VPN asks for a certificate", "Cannot reach {app} from home", "VPN is slow {when}"),
        ("From home I get {error} when I start the VPN {when}.", "The VPN connects, but {app} does not open."),
        ("Which version does the VPN program show under “About”?", "Do you see the lock symbol?"),
        (
            "Your certificate had expired. A new one is installed.",
            "Please update the VPN program and start it once more.",
            "A route was missing; it is back.",
        ),
    ),
    Topic(
        TicketCategory.ACCOUNT,
        ("password",),
        ("Forgot my password", "Locked out of {app}", "Password expired while I was away", "Cannot sign in to {app}"),
        (
            "I cannot sign in to {app} {when}: {error}.",
            "After my holiday the password for {app} is not accepted any more.",
        ),
        ("Do you still have the phone with the second factor?", "Which username do you type?"),
        (
            "The lock is gone. Please sign in with your usual password.",
            "A link to choose a new password is on its way to your second address.",
            "Your account for {app} had expired; it is active again.",
        ),
    ),
    Topic(
        TicketCategory.ACCOUNT,
        ("onboarding",),
        (
            "New colleague starts on Monday",
            "Access to {app} for {team}",
            "Please add me to the group of {app}",
            "Account for an intern",
        ),
        (
            "{team} needs access to {app} from next week on.",
            "A new colleague joins us and needs a {device} and an account for {app}.",
        ),
        ("Who is the manager and approves this?", "From which day on, and until when?"),
        (
            "The account is ready; the first password is with the manager.",
            "{team} can now open {app}.",
            "Added. Please sign out and in once.",
        ),
    ),
    Topic(
        TicketCategory.BILLING,
        ("invoice",),
        (
            "Invoice of {month} is wrong",
            "Charged twice: {amount}",
            "Please send the invoice again",
            "Question about {amount} on the bill",
        ),
        ("The invoice of {month} shows {amount}, which we did not order.", "We were charged {amount} twice {when}."),
        ("What is the number at the top of the invoice?", "To which address should the corrected one go?"),
        (
            "You are right: {amount} are credited with the next invoice.",
            "A corrected invoice is in your mailbox.",
            "The second booking was a reservation and has been released.",
        ),
    ),
    Topic(
        TicketCategory.BILLING,
        ("contract",),
        (
            "Change of billing address",
            "Two licences fewer from {month}",
            "Purchase order for {app}",
            "End of contract for {app}",
        ),
        (
            "From {month} on we need fewer licences of {app}.",
            "Our billing address has changed. Please use the new one {month}.",
        ),
        ("Which cost centre is it?", "Could you confirm this in writing?"),
        (
            "The contract is changed from {month} on.",
            "The new address is in our books.",
            "The order for {app} is placed.",
        ),
    ),
    Topic(
        TicketCategory.SOFTWARE,
        ("crash",),
        ("{app} crashes {when}", "{app} shows {error}", "{app} closes when I save", "{app} is extremely slow"),
        ("{app} closes by itself {when}, mostly while I work on {file}.", "When I open {file}, {app} shows {error}."),
        ("Does it happen with a new, empty file too?", "Which version of {app} is it?"),
        (
            "Please install the update of {app} that came today.",
            "The profile was damaged. I made a new one; your files are where they were.",
            "An add-in was the reason, and is switched off now.",
        ),
    ),
    Topic(
        TicketCategory.SOFTWARE,
        ("files", "restore"),
        ("Deleted {file} by accident", "{file} is locked", "Cannot find {file}", "Old version of {file} needed"),
        ("{file} is gone {when}. Can you get it back?", "{file} opens read-only, though nobody else has it open."),
        ("In which folder was it, and until when?", "Who else works on {file}?"),
        (
            "{file} is restored beside the present one, as of yesterday evening.",
            "The lock was left over and is removed.",
            "It was moved to the archive folder.",
        ),
    ),
    Topic(
        TicketCategory.SOFTWARE,
        ("mail",),
        ("Mails arrive late", "Cannot send large attachments", "Too much spam {when}", "Shared mailbox for {team}"),
        ("Mails to {team} arrive hours late {when}.", "Sending {file} by mail ends with {error}."),
        ("Could you forward one of these as an attachment?", "How large is the file?"),
        (
            "The queue was stuck and is empty again.",
            "Please share {file} as a link: mails end at 25 MB.",
            "The filter learned these senders.",
        ),
    ),
    Topic(
        TicketCategory.GENERAL,
        ("question",),
        ("How do I share {file}?", "Booking {place}", "Training for {app}?", "Where is the manual of {app}?"),
        ("Is there a short introduction to {app} for {team}?", "How can I book {place} for a whole day?"),
        ("For how many people would that be?", "Do you mean the version on the {device}?"),
        (
            "There is a page about it in the wiki; the link is on its first page.",
            "{place} is booked for you.",
            "We offer a course every month; you are on the list.",
        ),
    ),
    Topic(
        TicketCategory.OTHER,
        ("facilities",),
        ("Door of {place} does not lock", "Light flickers in {place}", "Air conditioning in {place}", "Lost key card"),
        ("The door of {place} does not close properly {when}.", "It is far too warm in {place} {when}."),
        ("Since when exactly?", "Is anybody in {place} this afternoon?"),
        (
            "The caretaker has repaired it.",
            "A new card is waiting at the reception.",
            "The sensor was set wrong; it should be better now.",
        ),
    ),
)

COMMENTS: Final = ("", "", "", "Quick and friendly.", "It took a while, but it works.", "I knew no more than before.")

# By their ids: what they are about, for whom they are, title and text.
ARTICLES: Final[dict[str, tuple[TicketCategory, Visibility, str, str]]] = {
    "vpn-from-home": (
        TicketCategory.NETWORK,
        Visibility.PUBLIC,
        "Working from home: connect to the VPN",
        (
            "1. Start the **VPN program**; a lock appears beside the clock.\n"
            "2. Sign in with your usual username and the code from your phone.\n"
            "3. Wait until the lock is closed, then open what you need.\n\n"
            "If it asks for a certificate, yours has expired: please open a ticket, we install a new one."
        ),
    ),
    "printers": (
        TicketCategory.HARDWARE,
        Visibility.PUBLIC,
        "Paper jams and stripes: first help for printers",
        (
            "**Paper jam**: switch it off, open the rear tray, and pull the sheet out in the direction of its way.\n\n"
            "**Stripes**: print the cleaning page from its menu, twice. If they stay, the drum is worn: tell us "
            "the number on the label."
        ),
    ),
    "new-password": (
        TicketCategory.ACCOUNT,
        Visibility.PUBLIC,
        "Forgot your password, or locked out",
        (
            "After five wrong tries an account is locked for a quarter of an hour. Wait, then try once more.\n\n"
            "- Check that Caps Lock is off.\n- On a foreign keyboard some letters change their places.\n\n"
            "Otherwise we send you a link to choose a new password."
        ),
    ),
    "large-files": (
        TicketCategory.SOFTWARE,
        Visibility.PUBLIC,
        "Sending large files",
        "Mails end at 25 MB. Put the file into a shared folder, and send its link instead.",
    ),
    "network-cabinets": (
        TicketCategory.NETWORK,
        Visibility.INTERNAL,
        "Which network cabinet serves which rooms",
        (
            "- Cabinet A: the front office and the meeting room\n- Cabinet B: room 204 and the second floor\n"
            "- Cabinet C: the warehouse; its key hangs at the reception"
        ),
    ),
    "new-copier": (
        TicketCategory.HARDWARE,
        Visibility.DRAFT,
        "The new copier: what changes",
        "To be written when it has come.",
    ),
}

FIRST_NAMES: Final = [
    "Ada",
    "Alma",
    "Amir",
    "Anton",
    "Astrid",
    "Aylin",
    "Basil",
    "Bela",
    "Bruno",
    "Carmen",
    "Cedric",
    "Chiara",
    "Clara",
    "Cosima",
    "Dario",
    "Dilara",
    "Edda",
    "Elias",
    "Elin",
    "Emre",
    "Enzo",
    "Esther",
    "Fadi",
    "Farah",
    "Felix",
    "Fiona",
    "Flora",
    "Freya",
    "Gia",
    "Greta",
    "Hana",
    "Hugo",
    "Ida",
    "Igor",
    "Ilse",
    "Imani",
    "Ines",
    "Jana",
    "Jasper",
    "Jonas",
    "Juno",
    "Kaya",
    "Kemal",
    "Kira",
    "Lars",
    "Leila",
    "Levin",
    "Lina",
    "Luca",
    "Maja",
    "Malik",
    "Marta",
    "Milan",
    "Mina",
    "Nadia",
    "Nils",
    "Noor",
    "Olga",
    "Oskar",
    "Paula",
    "Pia",
    "Quentin",
    "Rafi",
    "Rosa",
    "Samir",
    "Selma",
    "Sven",
    "Talia",
    "Theo",
    "Uma",
    "Valentin",
    "Vera",
    "Wanda",
    "Xaver",
    "Yara",
    "Yusuf",
    "Zoe",
]
LAST_NAME_STARTS: Final = [
    "Ash",
    "Birch",
    "Clay",
    "Dew",
    "Elder",
    "Fern",
    "Glen",
    "Hazel",
    "Iron",
    "Juniper",
    "Kestrel",
    "Lark",
    "Moss",
    "North",
    "Oak",
    "Pine",
]
LAST_NAME_ENDS: Final = [
    "bank",
    "brook",
    "croft",
    "dale",
    "field",
    "ford",
    "gate",
    "hollow",
    "leigh",
    "mere",
    "ridge",
    "stead",
    "water",
    "wood",
]
