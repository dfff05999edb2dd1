// Draws who watches the ticket, and how one does so oneself, or stops.

function watchButton(panel) {
  const button = element("button", { type: "button", class: "watch" })
  button.onclick = () => {
    panel.outbox.put("watch", button.getAttribute("aria-pressed") !== "true")
    drawWatchers(panel, button.closest("section"))
  }
  return button
}

function watcher(panel, [username, name, removal, promotion]) {
  const made = element("li", {}, element("span", {}, name))
  for (const [label, sign, deed] of [
    [promotion, "person_raised_hand", "make_requester"],
    [removal, "close", "remove"],
  ]) {
    if (!label) continue
    const button = element("button", { type: "button", "aria-label": label, title: label }, icon(sign))
    button.onclick = () => {
      if (button.ariaDisabled) return
      button.ariaDisabled = "true" // until there is an answer
      panel.outbox.put("watcher", deed, username)
    }
    made.append(button)
  }
  return made
}

function watcherInput(panel, words) {
  const input = element("input", { id: "add-watcher", type: "text", autocomplete: "off", maxlength: "254" })
  input.placeholder = words.who
  const form = element("form", {}, element("label", { for: "add-watcher" }, words.add), input)
  form.onsubmit = (event) => {
    event.preventDefault()
    const typed = input.value.trim()
    if (typed) panel.outbox.put("watcher", "add", typed)
    input.value = ""
  }
  return form
}

function drawWatchers(panel, section) {
  const { watching } = panel.data
  const body = section.querySelector(".body")
  if (!body.childElementCount) {
    body.append(watchButton(panel), element("p", { class: "none" }), element("ul", { "aria-label": watching.words.title }))
    if (watching.mayChange) body.append(watcherInput(panel, watching.words))
  }
  const [button, note, list] = body.children
  const isWatched = shown(panel, "watch", watching.isWatched)
  button.hidden = watching.isOwnWork
  button.setAttribute("aria-pressed", String(isWatched))
  button.replaceChildren(icon(isWatched ? "notifications_active" : "notifications_off"), watching.words.watch)
  note.textContent = watching.isOwnWork ? watching.words.ownWork : isWatched ? watching.words.told : watching.words.untold
  const drawn = JSON.stringify(watching.people)
  if (list.dataset.drawn === drawn && !list.querySelector("[aria-disabled]")) return
  list.dataset.drawn = drawn
  const isFocused = list.contains(list.getRootNode().activeElement)
  list.replaceChildren(...watching.people.map((person) => watcher(panel, person)))
  if (isFocused) (list.querySelector("button") || body.querySelector("input"))?.focus()
}

function putWatcherBack(panel, section, typed) {
  const input = section.querySelector("input")
  if (input && !input.value) input.value = typed
}
