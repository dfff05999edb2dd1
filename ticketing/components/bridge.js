// Calls /session once, if it is to, and leaves the page. What was refused is begun anew; what did not arrive is sent again.
// Addresses are taken relative to the page, which stands one level deep, so
// that it works below a path prefix as well.

const begun = new Set()

async function call(data) {
  const answer = await fetch(new URL("session", document.location.href), {
    method: data.method,
    headers: { "Content-Type": "application/json", "X-Ticketing": "1" },
    body: JSON.stringify(data.body),
    credentials: "same-origin",
    keepalive: true,
  })
  if (answer.ok) return null
  const refusal = await answer.json().catch(() => ({}))
  return refusal.error || data.failed
}

// What was typed in this tab and not sent goes with the person who signs out: of the composer as of the forms.
function forgetDrafts() {
  window.ticketingDrafts?.clear()
  window.ticketingUnkept?.clear()
  document.oninput = null
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith("ticketing")) sessionStorage.removeItem(name)
    }
  } catch {
    // A browser that keeps nothing has kept nothing.
  }
}

export default function (component) {
  const { parentElement } = component
  const data = JSON.parse(new TextDecoder().decode(component.data))
  const status = parentElement.querySelector("p")
  const again = parentElement.querySelector("button")
  if (begun.has(data.once)) return
  begun.add(data.once)
  if (data.method === "DELETE") forgetDrafts()
  if (!data.method) {
    status.textContent = data.waiting
    document.location.assign(new URL(data.target, document.location.href))
    return
  }

  const attempt = async () => {
    again.hidden = true
    status.textContent = data.waiting
    let refusal
    try {
      refusal = await call(data)
      again.onclick = () => document.location.reload()
    } catch {
      refusal = data.failed
      again.onclick = attempt
    }
    if (refusal) {
      status.textContent = refusal
      again.textContent = data.retry
      again.hidden = false
    } else {
      document.location.replace(new URL(data.target, document.location.href))
    }
  }
  attempt()
}
