// Tells of what is new outside the page: in the title of its tab, and as the browser's own notifications for whoever has
// asked for these. They say how much is unread and nothing of what it says: others may see the screen.

const ASKED_FOR = "ticketing-notifications"
const ONE_OF_ALL_TABS = "ticketing"

function areAskedFor() {
  try {
    return localStorage.getItem(ASKED_FOR) === "yes"
  } catch {
    return false // of a browser that keeps nothing
  }
}

function askFor(isWanted) {
  try {
    isWanted ? localStorage.setItem(ASKED_FOR, "yes") : localStorage.removeItem(ASKED_FOR)
  } catch {
    // as above
  }
}

// "on", "off", "blocked" by the browser, or null where there are none, as without https.
function notifications() {
  if (!window.Notification || !window.isSecureContext) return null
  if (Notification.permission === "denied") return "blocked"
  return Notification.permission === "granted" && areAskedFor() ? "on" : "off"
}

// A browser that has them and shows none from a page, as on most phones, says so by an error.
function notifyOf(text, onclick) {
  try {
    const shown = new Notification(text, { tag: ONE_OF_ALL_TABS })
    shown.onclick = () => {
      window.focus()
      shown.close()
      onclick()
    }
    return true
  } catch {
    return false
  }
}

async function switchNotifications(sample) {
  if (notifications() === "on") return askFor(false)
  const isAllowed = (await Notification.requestPermission()) === "granted"
  askFor(isAllowed && notifyOf(sample, () => {}))
}
