// The desk's own fields in the side of a ticket, each drawn by what can be put into it.
// What is typed is saved when it is entered or its field is left, what is ticked or chosen at once.

const INPUTS = {
  text: { type: "text", autocomplete: "off", enterkeyhint: "done" },
  number: { type: "text", inputmode: "decimal", autocomplete: "off", enterkeyhint: "done" },
  date: { type: "date" },
}

function ownInput(panel, name, kind) {
  const isLong = kind === "long_text"
  const input = isLong ? element("textarea", { rows: "4" }) : element("input", INPUTS[kind])
  const save = () => {
    if (isHeld(input)) {
      send(panel, name, input.value, input.dataset.shown)
      input.dataset.shown = input.value
    }
    drawHint(panel, input)
  }
  // What was refused is sent once more when it was changed, or by Enter.
  input.onblur = () => input.value === input.dataset.refused || save()
  input.oninput = () => isLong || drawHint(panel, input)
  input.onkeydown = (event) => {
    if (event.isComposing || (event.key !== "Escape" && (event.key !== "Enter" || isLong))) return
    event.preventDefault()
    if (event.key === "Escape") input.value = input.dataset.shown
    save()
  }
  return input
}

function drawInput(panel, input, name, stored) {
  const now = shown(panel, name, stored)
  const refused = panel.refused.get(name)
  if (refused !== undefined && !isHeld(input)) {
    input.value = input.dataset.refused = refused
    input.dataset.shown = now
  } else if (!isHeld(input) || panel.data.locked) {
    input.value = input.dataset.shown = now
  }
  input.disabled = panel.data.locked
  drawHint(panel, input)
}

function ownBox(label, put) {
  const box = element("input", { type: "checkbox" })
  box.onchange = put
  return element("label", { class: "ticked" }, box, label)
}

function ownBoxes(panel, [name, label, , , options]) {
  const boxes = options.map(([value, word]) => {
    const made = ownBox(word, () => {
      const chosen = [...list.querySelectorAll("input")].filter(({ checked }) => checked).map((box) => box.dataset.value)
      send(panel, name, chosen, shown(panel, name, ownField(panel, name)[3]))
    })
    made.firstChild.dataset.value = value
    return made
  })
  const list = element("fieldset", {}, element("legend", {}, label), ...boxes)
  return list
}

function ownField(panel, name) {
  return panel.data.own.find(([each]) => each === name)
}

function ownControl(panel, field) {
  const [name, label, kind] = field
  if (kind === "multi_choice") return [ownBoxes(panel, field)]
  if (kind === "check_box") {
    const put = ({ target }) => send(panel, name, target.checked, shown(panel, name, ownField(panel, name)[3]))
    return [ownBox(label, put)]
  }
  const control = kind === "choice" ? fieldSelect(panel, name) : ownInput(panel, name, kind)
  control.id = `own-${name}`
  return [element("label", { for: control.id }, label), control, element("p", { role: "status" })]
}

function drawOwnField(panel, field, place) {
  const [name, label, kind, , options, hint] = field
  const drawn = JSON.stringify([label, kind, kind === "multi_choice" && options, hint])
  let made = [...panel.own.children].find(({ dataset }) => dataset.name === name)
  if (made && made.dataset.drawn !== drawn) {
    made.remove()
    made = null
  }
  if (!made) {
    made = element("div", { "data-name": name, "data-drawn": drawn }, ...ownControl(panel, field))
    if (hint) made.append(element("p", { class: "about" }, hint))
  }
  if (panel.own.children[place] !== made) panel.own.insertBefore(made, panel.own.children[place] || null)
  drawValue(panel, made, field)
}

function drawValue(panel, made, [name, , kind, stored, options]) {
  const control = made.querySelector("select, textarea, input")
  if (kind === "choice") drawSelect(panel, control, name, stored, options, panel.data.locked)
  else if (kind === "multi_choice" || kind === "check_box") {
    const now = shown(panel, name, stored)
    for (const box of made.querySelectorAll("input")) {
      box.checked = kind === "check_box" ? Boolean(now) : now.includes(box.dataset.value)
      box.disabled = panel.data.locked
    }
  } else drawInput(panel, control, name, stored)
}

function drawOwnFields(panel) {
  const names = panel.data.own.map(([name]) => name)
  for (const made of [...panel.own.children]) if (!names.includes(made.dataset.name)) made.remove()
  panel.data.own.forEach((field, place) => drawOwnField(panel, field, place))
}
