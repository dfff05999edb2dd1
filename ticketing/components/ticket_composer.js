// Draws where one answers.
// Streamlit calls the default function again whenever the data or the theme changes.
//
// What is typed belongs to a person and a ticket, and stays with the tab until the script has saved it or the person
// signs out: while another page is shown, after a reload, and when one has to sign in again.

const STORE = "ticketingDrafts"
const SEEN = 3 // the place of the status that was shown, in a message
const KEPT = 20 // drafts, of which each is limited by its text field
const drafts = (window.ticketingDrafts ??= storedDrafts())
const composers = new WeakMap()

function storedDrafts() {
  try {
    return new Map(JSON.parse(sessionStorage.getItem(STORE) || "[]"))
  } catch {
    return new Map()
  }
}

function keepDrafts() {
  const unsent = [...drafts].filter(([, draft]) => holdsSomething(draft))
  try {
    sessionStorage.setItem(STORE, JSON.stringify(unsent.slice(-KEPT)))
  } catch {
    // Where a browser keeps nothing, or no more, drafts last until the page is left.
  }
}

function holdsSomething({ texts, files, macro, refusal, outbox }) {
  const isAttached = Object.values(files ?? {}).some((list) => list.files?.length ?? list.length)
  return Boolean(refusal || macro || outbox.waiting.length || isAttached || Object.values(texts).some(Boolean))
}

// What was typed in a ticket that was merged into this one meanwhile is unsent text here: more people will read it.
function takeOver(former, name) {
  const other = former.find((other) => drafts.has(other) && holdsSomething(drafts.get(other)))
  if (!other || (drafts.has(name) && holdsSomething(drafts.get(name)))) return
  drafts.set(name, { ...drafts.get(other), outbox: {}, signIn: "", refusal: "", read: null })
  drafts.delete(other)
}

// What the desk has kept, as of another browser, stands where this tab knows of nothing; each copy is taken once.
function takeSaved(draft, saved) {
  if (!saved || draft.taken === saved.at) return
  draft.taken = saved.at
  for (const [kind, text] of Object.entries(saved.texts)) draft.texts[kind] ||= text
}

function keepTyped({ data, place }, kind, text) {
  place.querySelector(".kept").textContent = ""
  keepOnDesk(data.number, kind, text)
}

// Say that what stands in the field is kept, and send once more what had to wait for others.
function followKeeping(composer) {
  if (composer.follows) return
  composer.follows = true
  const of = (event, deed) => {
    const listen = ({ detail: [number, kind, text] }) => {
      if (!composer.place.isConnected) return document.removeEventListener(event, listen)
      const { data, draft } = composer
      if (number === data.number) deed(kind, draft.texts[kind] || "", text)
    }
    document.addEventListener(event, listen)
  }
  of("ticketing-saved", (kind, typed, text) => {
    if (kind === composer.draft.kind && typed && typed === text) {
      composer.place.querySelector(".kept").textContent = composer.data.words.kept
    }
  })
  of("ticketing-again", (kind, typed) => keepTyped(composer, kind, typed))
}

function draftOf({ draft: name, former, signIn, kinds, saved }) {
  const [person] = name.split(" ")
  for (const other of drafts.keys()) if (!other.startsWith(`${person} `)) drafts.delete(other)
  takeOver(former, name)
  // It stays the same object, since what was drawn once goes on writing into it.
  const draft = drafts.get(name) || { kind: "", texts: {}, status: "", macro: null, refusal: "" }
  takeSaved(draft, saved)
  // A message that got no answer before one had to sign in again is unsent text; sending it is for the person to decide.
  const outbox = draft.signIn === signIn ? draft.outbox : {}
  draft.outbox = outbox instanceof Outbox ? outbox : Object.assign(new Outbox(), outbox)
  draft.signIn = signIn
  draft.files ??= {}
  for (const { kind } of kinds) {
    if (!(draft.files[kind] instanceof ChosenFiles)) draft.files[kind] = new ChosenFiles(draft.files[kind])
  }
  if (!kinds.some(({ kind }) => kind === draft.kind)) draft.kind = kinds[0].kind
  drafts.delete(name)
  drafts.set(name, draft)
  return draft
}

function takeAnswer({ data, draft, place }, [[, sent, text, ...rest], refusal]) {
  draft.refusal = refusal
  draft.read = null // by now there is on the page what made it be refused
  if (sent === "take_back") return takeBack({ data, draft, place }, text, refusal)
  if (refusal || text === AT_ONCE) return
  const reply = data.kinds[0].kind
  const kind = sent === "macro" ? reply : sent
  draft.files[kind]?.forget(rest.find(Array.isArray))
  if (kind === reply) Object.assign(draft, { status: "", macro: null })
  if (draft.texts[kind] === text) draft.texts[kind] = ""
  keepTyped({ data, place }, kind, draft.texts[kind] || "")
}

// The text of a reply that was taken back comes before what was typed since.
function takeBack({ data, draft, place }, mark, refusal) {
  const [{ undone }, reply] = [draft, data.kinds[0].kind]
  draft.undone = null
  if (refusal || undone?.mark !== mark) return
  draft.texts[reply] = [undone.text, draft.texts[reply]].filter(Boolean).join("\n\n")
  draft.kind = reply
  keepTyped({ data, place }, reply, draft.texts[reply])
}

// That the ticket is closed is no reason any more once it is open again.
function noteClosed({ data, draft }) {
  if (draft.wasClosed && !data.closed) draft.refusal = ""
  draft.wasClosed = Boolean(data.closed)
}

function statusOf({ data, draft }) {
  return data.statuses.some(([value]) => value === draft.status) ? draft.status : ""
}

function drawKinds(composer) {
  const { place, data } = composer
  const group = place.querySelector(".kinds")
  group.hidden = data.kinds.length < 2
  group.setAttribute("aria-label", data.words.kind)
  if (!group.childElementCount) {
    for (const { kind, word } of data.kinds) {
      const radio = element("input", { type: "radio", name: "kind", value: kind })
      radio.onchange = () => {
        composer.draft.kind = kind
        draw(composer)
      }
      group.append(element("label", {}, radio, word))
    }
  }
  for (const radio of group.querySelectorAll("input")) radio.checked = radio.value === composer.draft.kind
}

function drawStatus(composer, isNote) {
  const { place, data, draft } = composer
  const select = place.querySelector("select")
  select.hidden = isNote || data.statuses.length < 2 || Boolean(macroOf(composer)?.setsStatus)
  select.setAttribute("aria-label", data.words.then)
  const drawn = JSON.stringify(data.statuses)
  if (select.dataset.drawn !== drawn) {
    select.replaceChildren(...data.statuses.map(([value, word]) => element("option", { value }, word)))
    select.dataset.drawn = drawn
  }
  select.value = statusOf(composer)
  select.onchange = () => {
    draft.status = select.value
    keepDrafts()
  }
}

function drawText({ place, data, draft }, { kind, word, placeholder }) {
  const text = place.querySelector("textarea")
  place.querySelector("form > label").textContent = word
  text.placeholder = placeholder
  text.maxLength = data.limit
  const typed = draft.texts[kind] || ""
  if (text.value !== typed) text.value = typed
  text.oninput = () => {
    draft.read = text.value ? (draft.read ?? data.messages) : null
    draft.texts[draft.kind] = text.value
    if (draft.refusal) drawRefusal(place, (draft.refusal = ""))
    keepDrafts()
    keepTyped({ data, place }, draft.kind, text.value)
  }
}

// A file that was chosen for a note stays with the note: nothing becomes public by a click on another kind.
function drawChosen(composer) {
  const { place, data, draft } = composer
  const [label, limits, list] = [place.querySelector(".choose-files"), data.files, draft.files[draft.kind]]
  label.hidden = !limits
  if (!limits) return
  const changed = () => {
    keepDrafts()
    draw(composer)
  }
  if (!label.childElementCount) {
    label.append(icon("attach_file"), limits.words.attach, element("input", { type: "file", multiple: "" }))
  }
  takeFiles(place.querySelector("form"), label.querySelector("input"), (files) => list.add(files, limits, changed))
  drawFiles(place, list, limits.words, changed)
  place.querySelector(".primary").disabled = Boolean(data.closed) || list.isWaiting
}

function drawRefusal(place, refusal) {
  const box = place.querySelector("#refusal")
  box.hidden = !refusal
  box.textContent = refusal
  place.querySelector("textarea").setAttribute("aria-invalid", String(Boolean(refusal)))
}

// On a closed ticket there is nothing to write, but what was written is not lost.
function drawClosed({ place, data, draft }) {
  const notice = place.querySelector(".closed")
  notice.hidden = !data.closed
  notice.replaceChildren(icon("lock"), data.closed)
  place.querySelector("form").hidden = Boolean(data.closed) && !holdsSomething(draft)
  place.querySelector(".primary").disabled = Boolean(data.closed)
}

// A reply can be taken back for some seconds, of which the server says how many are left when it draws.
function drawSent(composer) {
  const { place, data, draft } = composer
  const [mark, seconds, text] = data.undo ?? []
  const bar = place.querySelector(".sent")
  clearInterval(composer.countdown)
  bar.hidden = !mark || draft.undone?.mark === mark
  if (bar.hidden) return
  if (composer.undo?.mark !== mark) composer.undo = { mark, until: performance.now() + seconds * 1000 }
  const button = bar.querySelector("button")
  const countDown = () => {
    const left = Math.ceil((composer.undo.until - performance.now()) / 1000)
    bar.hidden = left <= 0 || !place.isConnected
    if (bar.hidden) clearInterval(composer.countdown)
    button.textContent = data.words.take_back.replace("{n}", left)
  }
  bar.querySelector("span").textContent = data.words.sent
  button.onclick = () => {
    clearInterval(composer.countdown)
    bar.hidden = true
    draft.undone = { mark, text }
    draft.outbox.put("take_back", mark)
    keepDrafts()
  }
  countDown()
  composer.countdown = setInterval(countDown, 500)
}

function draw(composer) {
  const { place, data, draft } = composer
  const chosen = data.kinds.find(({ kind }) => kind === draft.kind)
  const isNote = Boolean(chosen.hint)
  const hint = place.querySelector(".hint")
  place.querySelector("form").classList.toggle("note", isNote)
  drawSent(composer)
  drawClosed(composer)
  drawKinds(composer)
  hint.hidden = !isNote
  hint.replaceChildren(icon("lock"), chosen.hint)
  drawText(composer, chosen)
  drawRefusal(place, draft.refusal)
  place.querySelector(".keys").textContent = data.words.keys
  drawStatus(composer, isNote)
  drawOnward(composer)
  drawChosen(composer)
  if (composer.isNote !== isNote) place.querySelector(".kept").textContent = ""
  composer.isNote = isNote
  drawCanned(composer)
  place.querySelector(".primary").replaceChildren(icon(isNote ? "lock" : "send"), chosen.send)
}

// A key leads to the reply, also where a note was being written; either text stays.
function goToReply(composer) {
  composer.draft.kind = composer.data.kinds[0].kind
  draw(composer)
  composer.place.querySelector("textarea").focus()
}

function messageOf(composer) {
  const { data, draft } = composer
  const { kind, texts, files } = draft
  const [text, reply, { ids }] = [texts[kind] || "", data.kinds[0].kind, files[kind]]
  const macro = kind === reply ? macroOf(composer) : null
  const status = kind === reply && !macro?.setsStatus ? statusOf(composer) : ""
  const read = { read: draft.read ?? data.messages } // how much one had before oneself when one began to type
  const message = macro ? ["macro", text, status, data.seen, macro.id, macro.version] : [kind, text, status, data.seen]
  return [...message, ids, read]
}

function isSame(one, other) {
  const withoutSeen = (message) => JSON.stringify(message.map((part, place) => (place === SEEN ? null : part)))
  return withoutSeen(one) === withoutSeen(other)
}

function send(composer) {
  const { outbox } = composer.draft
  const message = messageOf(composer)
  if (outbox.waiting.some(([, ...sent]) => isSame(sent, message))) return outbox.post()
  // What was not delivered yet is not meant any more, but for what was to be done at once.
  outbox.waiting = outbox.waiting.filter(([, , text]) => text === AT_ONCE)
  outbox.put(...message)
  composer.isLeaving = composer.onward
  keepDrafts()
}

export default function (component) {
  const data = JSON.parse(new TextDecoder().decode(component.data))
  const place = component.parentElement
  const composer = composers.get(place) || { place }
  composers.set(place, composer)
  Object.assign(composer, { component, data, draft: draftOf(data) })
  const form = composer.place.querySelector("form")
  form.onsubmit = (event) => {
    event.preventDefault()
    if (!data.closed && !composer.draft.files[composer.draft.kind].isWaiting) send(composer)
  }
  form.onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit()
  }
  for (const answer of composer.draft.outbox.connect(component, data.answer)) takeAnswer(composer, answer)
  followKeeping(composer)
  noteClosed(composer)
  draw(composer)
  beGoal("reply", place.querySelector("textarea"), () => goToReply(composer))
  keepDrafts()
  waitForAnswer(composer)
  goOnward(composer)
}
