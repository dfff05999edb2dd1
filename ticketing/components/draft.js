// Keeps what is typed into a form of Streamlit's, which forgets it at a reload and when its session ends.
// A draft stays in this tab and bears a name, which is another one as soon as the form was sent; drafts of other
// names go.

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

function bringBack(key, fields) {
  const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}")
  for (const name of fields) {
    const field = fieldOf(name)
    if (kept[name] && !field.value) type(field, kept[name])
  }
}

export default function (component) {
  const { name, fields } = JSON.parse(new TextDecoder().decode(component.data))
  const key = PREFIX + name
  const turn = (latest = {}) // the fields of a turn before may never come
  const keep = () => {
    if (!fields.every(fieldOf)) return
    const typed = Object.fromEntries(fields.map((name) => [name, fieldOf(name).value]))
    // What was typed into fields that are gone, as those of another category, comes back with them.
    sessionStorage.setItem(key, JSON.stringify({ ...JSON.parse(sessionStorage.getItem(key) ?? "{}"), ...typed }))
  }
  // Streamlit draws the fields when it has loaded what draws them; somebody may have begun to type by then.
  const begin = () => {
    if (turn !== latest || !component.parentElement.isConnected) return
    if (!fields.every(fieldOf)) {
      setTimeout(begin, 50)
      return
    }
    bringBack(key, fields)
    keep()
    document.oninput = keep
  }
  dropOthers(key)
  begin()
}
