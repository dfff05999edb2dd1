// Keeps what is typed into a form of Streamlit's, which forgets it at a reload and when its session ends.
// A draft stays in this tab and bears a name, which is another one as soon as the form was sent; drafts of other
// names go. Where the page asks for it, what stands in the first of the fields is told to it when somebody pauses in
// typing, but not if they have pressed something meanwhile: that may send the form, and its run is not to be cut short.

const PAUSE = 700 // milliseconds
const WATCH = 250 // milliseconds
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

// Returns whether anything was there to be brought back.
function bringBack(key, fields) {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}")
  const missing = fields.filter((name) => kept[name] && !fieldOf(name).value)
  for (const name of missing) type(fieldOf(name), kept[name])
  return missing.length > 0
}

let pause = 0
let told = {}

export default function (component) {
  const { name, fields, isTold } = JSON.parse(new TextDecoder().decode(component.data))
  const key = PREFIX + name
  const turn = (latest = {}) // the fields of a turn before may never come
  const keep = () => {
    if (!fields.every(fieldOf)) return
    const typed = Object.fromEntries(fields.map((name) => [name, fieldOf(name).value]))
    // What was typed into fields that are gone, as those of another category, comes back with them.
    sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(sessionStorage.getItem(key) ?? "{}"), ...typed }))
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
  // A second run of the page may put new, empty fields in the place of those that were filled.
  const watch = (filled) => {
    if (turn !== latest || !component.parentElement.isConnected) return
    const present = fields.map(fieldOf)
    if (present.every(Boolean) && present.some((field, place) => field !== filled[place])) {
      bringBack(key, fields)
      filled = present
    }
    setTimeout(() => watch(filled), WATCH)
  }
  // Streamlit draws the fields when it has loaded what draws them; somebody may have begun to type by then.
  const begin = () => {
    if (turn !== latest || !component.parentElement.isConnected) return
    if (!fields.every(fieldOf)) {
      setTimeout(begin, 50)
      return
    }
    if (bringBack(key, fields)) wait()
    keep()
    watch(fields.map(fieldOf))
    document.oninput = () => {
      keep()
      wait()
    }
    document.onpointerdown = () => clearTimeout(pause)
    document.onkeydown = ({ key }) => {
      if (key === "Enter") clearTimeout(pause)
    }
  }
  if (told.name !== name) told = { name, text: "" }
  dropOthers(key)
  begin()
}
