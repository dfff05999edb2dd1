// Draws the side of a ticket.
// Streamlit calls the default function again whenever the data or the theme changes.
//
// What is chosen is shown as chosen until the script has dealt with it; then the page shows what is stored.

const panels = new WeakMap()

function send(panel, field, value, was) {
  panel.outbox.put(field, value, was)
}

function shown(panel, field, stored) {
  const chosen = panel.outbox.waiting.filter(([, name]) => name === field)
  return chosen.length ? chosen.at(-1)[2] : stored
}

function isHeld({ value, dataset }) {
  return "shown" in dataset && value !== dataset.shown
}

// In a closed list each arrow key changes the value. Such a choice is a thought until it is entered or its field is left.
function fieldSelect(panel, field) {
  const select = element("select", { id: `field-${field}` })
  let isByKeyboard = false
  const save = () => {
    isByKeyboard = false
    if (isHeld(select)) {
      send(panel, field, select.value, select.dataset.shown)
      select.dataset.shown = select.value
    }
    drawHint(panel, select)
  }
  select.onpointerdown = () => (isByKeyboard = false)
  select.onblur = save
  select.onchange = () => (isByKeyboard ? drawHint(panel, select) : save())
  select.onkeydown = (event) => {
    isByKeyboard = true
    if (!isHeld(select) || (event.key !== "Enter" && event.key !== "Escape")) return
    event.preventDefault()
    if (event.key === "Escape") select.value = select.dataset.shown
    save()
    drawFields(panel)
  }
  return select
}

function drawHint(panel, select) {
  select.nextElementSibling.textContent = isHeld(select) ? panel.data.words.unsaved : ""
}

function drawField(panel, [field, label, stored, options], place) {
  const id = `field-${field}`
  let select = panel.fields.querySelector(`#${id}`)
  if (!select) {
    select = fieldSelect(panel, field)
    const hint = element("p", { role: "status" })
    const made = element("div", {}, element("label", { for: id }, label), select, hint)
    panel.fields.insertBefore(made, panel.fields.children[place])
  }
  const locked = panel.data.locked && field !== "resolution" // why a closed ticket is done can still be corrected
  drawSelect(panel, select, field, stored, options, locked)
}

function drawSelect(panel, select, field, stored, options, locked) {
  const held = isHeld(select) && !locked && options.some(([value]) => value === select.value) ? select.value : null
  // Its options are left alone while they are the same: somebody may have the list open.
  const drawn = JSON.stringify(options)
  if (select.dataset.drawn !== drawn) {
    select.replaceChildren(...options.map(([value, word]) => element("option", { value }, word)))
    select.dataset.drawn = drawn
  }
  select.value = held ?? (select.dataset.shown = shown(panel, field, stored))
  select.disabled = locked
  drawHint(panel, select)
}

function drawFields(panel) {
  const ids = panel.data.fields.map(([field]) => `field-${field}`)
  for (const select of panel.fields.querySelectorAll("select")) if (!ids.includes(select.id)) select.parentElement.remove()
  panel.data.fields.forEach((field, place) => drawField(panel, field, place))
}

function tagsOf(panel) {
  return shown(panel, "tags", panel.data.tags.stored)
}

function chip(panel, tag) {
  const made = element("li", {}, element("span", {}, tag))
  if (!panel.data.locked) {
    const label = panel.data.words.removeTag.replace("{tag}", () => tag)
    const button = element("button", { type: "button", "aria-label": label }, icon("close"))
    button.onclick = () => removeTag(panel, tag)
    made.append(button)
  }
  return made
}

function removeTag(panel, tag) {
  const tags = tagsOf(panel)
  send(panel, "tags", tags.filter((other) => other !== tag), tags)
  drawTags(panel)
  const left = panel.fields.querySelectorAll("li button")
  const next = left[Math.min(tags.indexOf(tag), left.length - 1)] || panel.fields.querySelector("input")
  next.focus()
}

function addTags(panel, input) {
  const tags = tagsOf(panel)
  const typed = input.value.split(",").map((tag) => tag.trim().toLowerCase()).filter(Boolean)
  const added = [...new Set(typed)].filter((tag) => !tags.includes(tag))
  input.value = ""
  if (!added.length) return
  send(panel, "tags", [...tags, ...added], tags)
  drawTags(panel)
}

function tagInput(panel) {
  const input = element("input", { id: "field-tags", type: "text", autocomplete: "off", enterkeyhint: "done" })
  input.onkeydown = (event) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== ",")) return
    event.preventDefault()
    addTags(panel, input)
  }
  input.onblur = () => input.value === panel.refused || addTags(panel, input)
  return input
}

// What was typed and refused goes back into its field, and is sent once more when it was changed, or by Enter.
function putBack(panel, tags) {
  if (!tags.length) return
  const input = panel.fields.querySelector("#field-tags")
  input.value = panel.refused = [...tags, input.value].filter(Boolean).join(", ")
}

function drawTags(panel) {
  const { tags, locked } = panel.data
  let input = panel.fields.querySelector("#field-tags")
  if (!input) {
    input = tagInput(panel)
    const label = element("label", { for: "field-tags" }, tags.label)
    panel.fields.append(element("div", { class: "tags" }, label, element("ul"), input))
  }
  const present = tagsOf(panel)
  const list = panel.fields.querySelector("ul")
  const drawn = JSON.stringify([present, locked])
  if (list.dataset.drawn !== drawn) {
    const focused = [...list.querySelectorAll("button")].indexOf(list.getRootNode().activeElement)
    list.replaceChildren(...present.map((tag) => chip(panel, tag)))
    list.querySelectorAll("button")[focused]?.focus()
    list.dataset.drawn = drawn
  }
  const isFull = present.length >= tags.limit
  input.readOnly = isFull
  input.disabled = locked
  input.placeholder = locked ? "" : isFull ? panel.data.words.tagsAreFull : panel.data.words.addTag
}

function drawFold(section, symbol, word) {
  const button = section.querySelector(".fold")
  if (!button.childElementCount) button.append(icon(symbol), word, icon("expand_more"))
  return button
}

function toggle(button) {
  const isOpen = button.getAttribute("aria-expanded") !== "true"
  button.setAttribute("aria-expanded", String(isOpen))
  return isOpen
}

function urgency([name, word, symbol, tone, moment, exact]) {
  const sign = symbol ? [icon(symbol)] : []
  const made = element("span", { class: `pill ${tone}` }, ...sign, word)
  return [element("dt", {}, name), element("dd", {}, made, moment ? element("time", { datetime: moment }, exact) : "")]
}

function drawDue(panel, section) {
  const { due, words } = panel.data
  section.hidden = !due
  if (!due) return
  section.querySelector("dl").replaceChildren(...due.deadlines.flatMap(urgency))
  const button = drawFold(section, "help", words.why)
  panel.isExplained ??= Boolean(due.why)
  button.setAttribute("aria-expanded", String(panel.isExplained))
  button.onclick = () => panel.component.setStateValue("why", (panel.isExplained = toggle(button)))
  section.querySelector("#why").replaceChildren(
    ...(due.why || []).map(([head, ...lines]) =>
      element("div", {}, element("strong", {}, head), ...lines.map((line) => element("p", {}, line)))),
  )
}

function requesterLink(panel, name, href, title) {
  const link = element("a", { href, title }, name)
  link.onclick = (event) => {
    if (wantsNewTab(event)) return
    event.preventDefault()
    panel.component.setTriggerValue("asked", "requester")
  }
  return link
}

function drawHistory(panel, section) {
  const { history, words } = panel.data
  const button = drawFold(section, "history", words.history)
  panel.isUnfolded ??= Boolean(history)
  button.setAttribute("aria-expanded", String(panel.isUnfolded))
  button.onclick = () => panel.component.setStateValue("history", (panel.isUnfolded = toggle(button)))
  section.querySelector(".body").replaceChildren(
    ...(history || []).map(([who, what, moment, exact, ago]) =>
      element("div", {},
        element("strong", {}, who), ` ${what}`, element("br"), element("time", { datetime: moment, title: exact }, ago))),
  )
}

export default function (component) {
  const { parentElement } = component
  const data = JSON.parse(new TextDecoder().decode(component.data))
  const panel = panels.get(parentElement) || { outbox: new Outbox() }
  panels.set(parentElement, panel)
  const [fields, own] = [".fields", ".own"].map((place) => parentElement.querySelector(place))
  Object.assign(panel, { component, data, fields, own, refused: new Map() })
  for (const [[, field, value, was], refusal] of panel.outbox.connect(component, data.answer)) {
    if (refusal && field === "tags") putBack(panel, value.filter((tag) => !was.includes(tag)))
    else if (refusal && field === "watcher") putWatcherBack(panel, parentElement.querySelector(".watching"), was)
    else if (refusal) panel.refused.set(field, value)
  }

  const details = drawFold(parentElement.querySelector(".details"), "tune", data.words.details)
  details.onclick = () => toggle(details)
  drawFields(panel)
  if (data.tags) drawTags(panel)
  drawOwnFields(panel)
  const facts = data.facts.flatMap(([name, word, ...way]) => [
    element("dt", {}, name),
    element("dd", {}, way.length ? requesterLink(panel, word, ...way) : word),
  ])
  parentElement.querySelector("dl").replaceChildren(...facts)
  drawDue(panel, parentElement.querySelector(".due"))
  drawWatchers(panel, parentElement.querySelector(".watching"))
  drawRelated(panel, parentElement.querySelector(".related"))
  drawHistory(panel, parentElement.querySelector(".history"))
  parentElement.querySelector(".side").hidden = false
}
