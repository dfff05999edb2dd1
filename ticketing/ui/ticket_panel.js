// Draws the side of a ticket. Text only ever enters the page as text (textContent), never as HTML.
// Streamlit calls the default function again whenever the data or the theme changes.
//
// What is chosen is numbered, shown as chosen, and sent until the script says that it has dealt with that number:
// of two messages sent while the script is busy, Streamlit delivers the later one alone.

const panels = new WeakMap()

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

function icon(name) {
  return element("span", { class: "icon", "aria-hidden": "true", translate: "no" }, name)
}

function send(panel, field, value) {
  const number = Math.max(panel.data.done, ...panel.waiting.keys()) + 1
  for (const [earlier, [name]] of panel.waiting) if (name === field) panel.waiting.delete(earlier)
  panel.waiting.set(number, [field, value])
  panel.component.setTriggerValue("chosen", [...panel.waiting].map(([number, choice]) => [number, ...choice]))
}

function shown(panel, field, stored) {
  for (const [name, value] of panel.waiting.values()) if (name === field) return value
  return stored
}

function drawField(panel, [field, label, value, options], place) {
  const id = `field-${field}`
  let select = panel.fields.querySelector(`#${id}`)
  if (!select) {
    select = element("select", { id })
    select.onchange = () => send(panel, field, select.value)
    panel.fields.insertBefore(element("div", {}, element("label", { for: id }, label), select), panel.fields.children[place])
  }
  // Its options are left alone while they are the same: somebody may have the list open.
  const drawn = JSON.stringify(options)
  if (select.dataset.drawn !== drawn) {
    select.replaceChildren(...options.map(([value, word]) => element("option", { value }, word)))
    select.dataset.drawn = drawn
  }
  select.value = shown(panel, field, value)
  // Why a closed ticket is done can still be corrected.
  select.disabled = panel.data.locked && field !== "resolution"
}

function dropFields(panel) {
  const ids = panel.data.fields.map(([field]) => `field-${field}`)
  for (const select of panel.fields.querySelectorAll("select")) if (!ids.includes(select.id)) select.parentElement.remove()
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
  send(panel, "tags", tags.filter((other) => other !== tag))
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
  send(panel, "tags", [...tags, ...added])
  drawTags(panel)
}

function tagInput(panel) {
  const input = element("input", { id: "field-tags", type: "text", autocomplete: "off", enterkeyhint: "done" })
  input.onkeydown = (event) => {
    if (event.isComposing || (event.key !== "Enter" && event.key !== ",")) return
    event.preventDefault()
    addTags(panel, input)
  }
  input.onblur = () => addTags(panel, input)
  return input
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
  const panel = panels.get(parentElement) || { waiting: new Map() }
  panels.set(parentElement, panel)
  Object.assign(panel, { component, data, fields: parentElement.querySelector(".fields") })
  for (const number of [...panel.waiting.keys()]) if (number <= data.done) panel.waiting.delete(number)

  const details = drawFold(parentElement.querySelector(".details"), "tune", data.words.details)
  details.onclick = () => toggle(details)
  dropFields(panel)
  data.fields.forEach((field, place) => drawField(panel, field, place))
  if (data.tags) drawTags(panel)
  const facts = data.facts.flatMap(([name, word]) => [element("dt", {}, name), element("dd", {}, word)])
  parentElement.querySelector("dl").replaceChildren(...facts)
  drawHistory(panel, parentElement.querySelector(".history"))
}
