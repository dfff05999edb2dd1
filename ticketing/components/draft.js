// Keeps what is typed into a form of Streamlit's, which forgets it at a reload and when its session ends.
// A draft stays in this tab and bears a name, which is another one as soon as the form was sent; drafts of other
// names go. Where the page asks for it, what stands in the first of the fields is told to it when somebody pauses in
// typing, but not if they have pressed something meanwhile: that may send the form, and its run is not to be cut short.

const PAUSE = 700 // milliseconds
const WATCH = 250 // milliseconds
const KEPT_ON_DESK = new Set(["title", "description"])
const PREFIX = "ticketing draft: "
let latest = null

function fieldOf(name) {
  return document.querySelector(`.st-key-${name} :is(input, textarea)`)
}

// React learns of a new value only on the way that typing takes.
function type(field, text) {
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, text)
  field.dispatchEvent(new Event("input", { bubbles: true }))
}

function dropOthers(key) {
  for (const other of Object.keys(sessionStorage)) {
    if (other.startsWith(PREFIX) && other !== key) sessionStorage.removeItem(other)
  }
}

// What this tab has kept goes before what the desk has. Returns whether anything was there to be brought back.
function bringBack(key, fields, saved = {}) {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "null") ?? saved
  const missing = fields.filter((name) => kept[name] && !fieldOf(name).value)
  for (const name of missing) type(fieldOf(name), kept[name])
  return missing.length > 0
}

let pause = 0
let listening = null
let onDesk = {} // what the desk has kept of the draft of this name, as far as is known here
let told = {}

export default function (component) {
  const { name, fields, isTold, number, saved, words } = JSON.parse(new TextDecoder().decode(component.data))
  const key = PREFIX + name
  const turn = (latest = {}) // the fields of a turn before may never come
  const keep = () => {
    if (!fields.every(fieldOf)) return
    const typed = Object.fromEntries(fields.map((name) => [name, fieldOf(name).value]))
    // What was typed into fields that are gone, as those of another category, comes back with them.
    sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(sessionStorage.getItem(key) ?? "{}"), ...typed }))
    return typed
  }
  // The desk keeps them as well, for another browser.
  const tellDesk = (typed = {}) => {
    for (const [field, text] of Object.entries(typed)) {
      if (number === null || !KEPT_ON_DESK.has(field) || (onDesk.texts[field] ?? "") === text) continue
      onDesk.texts[field] = text
      status.textContent = ""
      keepOnDesk(number, field, text)
    }
  }
  const tell = () => {
    const text = fieldOf(fields[0])?.value.trim() ?? ""
    if (!component.parentElement.isConnected || told.text === text) return
    told = { name, text }
    component.setStateValue("told", [name, text])
  }
  const wait = () => {
    clearTimeout(pause)
    if (isTold) pause = setTimeout(tell, PAUSE)
  }
  // A second run of the page may put new, empty fields in the place of those that were filled, or empty these. Of what
  // somebody empties themselves nothing is kept.
  const watch = () => {
    if (turn !== latest || !component.parentElement.isConnected) return
    if (fields.every(fieldOf)) bringBack(key, fields)
    setTimeout(watch, WATCH)
  }
  // Streamlit draws the fields when it has loaded what draws them; somebody may have begun to type by then.
  const begin = () => {
    if (turn !== latest || !component.parentElement.isConnected) return
    if (!fields.every(fieldOf)) {
      setTimeout(begin, 50)
      return
    }
    if (bringBack(key, fields, saved)) wait()
    tellDesk(keep())
    watch()
    document.oninput = () => {
      tellDesk(keep())
      wait()
    }
    document.onpointerdown = () => clearTimeout(pause)
    document.onkeydown = ({ key }) => {
      if (key === "Enter") clearTimeout(pause)
    }
  }
  const status = component.parentElement.querySelector("span")
  document.removeEventListener("ticketing-saved", listening)
  listening = ({ detail: [keptAt, field, text] }) => {
    if (keptAt === number && onDesk.texts[field] === text) status.textContent = words.kept
  }
  document.addEventListener("ticketing-saved", listening)
  if (onDesk.name !== name) onDesk = { name, texts: { ...saved } }
  if (told.name !== name) told = { name, text: "" }
  dropOthers(key)
  begin()
}
