// Draws where one answers.
// Streamlit calls the default function again whenever the data or the theme changes.
//
// What is typed belongs to a person and a ticket, and stays with the tab, also while another page is shown, until the
// script has saved it.

const drafts = (window.ticketingDrafts ??= new Map())

function draftOf({ draft: name, kinds }) {
  if (!drafts.has(name)) drafts.set(name, { kind: "", texts: {}, status: "", refusal: "", outbox: new Outbox() })
  const draft = drafts.get(name)
  if (!kinds.some(({ kind }) => kind === draft.kind)) draft.kind = kinds[0].kind
  return draft
}

function takeAnswer(draft, [[, kind, text], refusal]) {
  draft.refusal = refusal
  if (refusal) return
  draft.status = ""
  if (draft.texts[kind] === text) draft.texts[kind] = ""
}

function drawKinds(composer) {
  const { place, data, draft } = composer
  const group = place.querySelector(".kinds")
  group.hidden = data.kinds.length < 2
  group.setAttribute("aria-label", data.words.kind)
  if (!group.childElementCount) {
    for (const { kind, word } of data.kinds) {
      const radio = element("input", { type: "radio", name: "kind", value: kind })
      radio.onchange = () => {
        draft.kind = kind
        draw(composer)
      }
      group.append(element("label", {}, radio, word))
    }
  }
  for (const radio of group.querySelectorAll("input")) radio.checked = radio.value === draft.kind
}

function drawStatus({ place, data, draft }, isNote) {
  const select = place.querySelector("select")
  select.hidden = isNote || !data.statuses.length
  select.setAttribute("aria-label", data.words.then)
  if (!select.childElementCount) select.append(...data.statuses.map(([value, word]) => element("option", { value }, word)))
  select.value = draft.status
  select.onchange = () => (draft.status = select.value)
}

function drawText({ place, data, draft }, { kind, word, placeholder }) {
  const text = place.querySelector("textarea")
  place.querySelector("form > label").textContent = word
  text.placeholder = placeholder
  text.maxLength = data.limit
  const typed = draft.texts[kind] || ""
  if (text.value !== typed) text.value = typed
  text.oninput = () => {
    draft.texts[draft.kind] = text.value
    if (draft.refusal) drawRefusal(place, (draft.refusal = ""))
  }
}

function drawRefusal(place, refusal) {
  const box = place.querySelector("#refusal")
  box.hidden = !refusal
  box.textContent = refusal
  place.querySelector("textarea").setAttribute("aria-invalid", String(Boolean(refusal)))
}

function draw(composer) {
  const { place, data, draft } = composer
  const chosen = data.kinds.find(({ kind }) => kind === draft.kind)
  const isNote = Boolean(chosen.hint)
  const hint = place.querySelector(".hint")
  place.querySelector("form").classList.toggle("note", isNote)
  drawKinds(composer)
  hint.hidden = !isNote
  hint.replaceChildren(icon("lock"), chosen.hint)
  drawText(composer, chosen)
  drawRefusal(place, draft.refusal)
  place.querySelector(".keys").textContent = data.words.keys
  drawStatus(composer, isNote)
  place.querySelector("button").replaceChildren(icon(isNote ? "lock" : "send"), chosen.send)
}

function send({ data, draft: { kind, texts, status, outbox } }) {
  const message = [kind, texts[kind] || "", kind === data.kinds[0].kind ? status : ""]
  const [sent] = outbox.waiting
  if (sent && JSON.stringify(sent.slice(1)) === JSON.stringify(message)) return outbox.post()
  // What was not delivered yet is not meant any more.
  outbox.waiting = []
  outbox.put(...message)
}

export default function (component) {
  const data = JSON.parse(new TextDecoder().decode(component.data))
  const composer = { component, data, place: component.parentElement, draft: draftOf(data) }
  const form = composer.place.querySelector("form")
  form.onsubmit = (event) => {
    event.preventDefault()
    send(composer)
  }
  form.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit()
  }
  for (const answer of composer.draft.outbox.connect(component, data.answer)) takeAnswer(composer.draft, answer)
  draw(composer)
}
