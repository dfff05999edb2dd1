"""Every word the pages say, in one place, so that it can be read through, corrected and one day translated."""

WORDING = {
    "app.name": "Help desk",
    # Names of pages
    "page.login": "Sign in",
    "page.register": "Create an account",
    "page.account": "Account",
    "page.new_ticket": "New ticket",
    "page.my_tickets": "My tickets",
    "page.ticket": "Ticket",
    "page.all_tickets": "All tickets",
    "page.agent_admin": "People",
    # Around the pages
    "sidebar.signed_in": "Signed in as **{name}** · {role}",
    "sidebar.sign_out": "Sign out",
    "role.user": "requester",
    "role.agent": "agent",
    "role.admin": "admin",
    "demo.banner": "This is a demonstration with invented people and tickets. Nothing here is kept.",
    "not_found.title": "Nothing to see here",
    "not_found.text": "It does not exist, or it is not yours to see.",
    "not_found.home": "Go to the start page",
    "failure.text": "Something went wrong on our side. Nothing else was changed. "
    "Please try again; if it happens again, tell the people who run this desk the reference {reference}.",
    # Signing in and out
    "bridge.signing_in": "Signing you in …",
    "bridge.signing_out": "Signing you out …",
    "bridge.failed": "The desk could not be reached. Please check your connection.",
    "bridge.retry": "Try again",
    # Lists of tickets
    "table.caption": "Tickets",
    "table.number": "Ticket",
    "table.title": "Subject",
    "table.requester": "Requester",
    "table.status": "Status",
    "table.priority": "Priority",
    "table.assignee": "Assignee",
    "table.category": "Category",
    "table.updated": "Updated",
    "table.unread": "unread",
    "table.select": "Select {label}",
    "table.select_all": "Select all tickets shown",
    "table.sort": "Sort by {column}",
}


def t(key: str, **values: object) -> str:
    """Return the wording for *key*, its placeholders filled in; values from people go through `plain()` first."""
    return WORDING[key].format(**values)
