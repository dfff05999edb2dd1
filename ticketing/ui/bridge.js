// Calls /session once and leaves the page. Addresses are taken relative to the page, which stands one level deep, so
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
  if (!answer.ok) {
    const refusal = await answer.json().catch(() => ({}))
    throw new Error(refusal.error || data.failed)
  }
}

export default function (component) {
  const { data, parentElement } = component
  const status = parentElement.querySelector("p")
  const again = parentElement.querySelector("button")
  if (begun.has(data.once)) return
  begun.add(data.once)

  const attempt = async () => {
    again.hidden = true
    status.textContent = data.waiting
    try {
      await call(data)
    } catch (problem) {
      status.textContent = problem instanceof TypeError ? data.failed : problem.message
      again.textContent = data.retry
      again.hidden = false
      return
    }
    document.location.replace(new URL(data.target, document.location.href))
  }
  again.onclick = attempt
  attempt()
}
