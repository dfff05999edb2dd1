// Files for a form of Streamlit's, in which this stands: which ones there are goes along when the form is sent.
// The list stays with the tab under a name, which is another one as soon as the form was sent; lists of others go.

const KEPT = "ticketingFiles"

function keptList(name) {
  try {
    const { name: keptName, files } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}")
    return new ChosenFiles(keptName === name ? files : [])
  } catch {
    return new ChosenFiles()
  }
}

function listOf(name) {
  if (window.ticketingFiles?.name !== name) window.ticketingFiles = { name, list: keptList(name) }
  return window.ticketingFiles.list
}

function keep(name, list) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ name, files: list }))
  } catch {
    // Where a browser keeps nothing, the list lasts until the page is left.
  }
}

export default function (component) {
  const { name, limits } = JSON.parse(new TextDecoder().decode(component.data))
  const place = component.parentElement.querySelector(".new-files")
  const [list, label, { words }] = [listOf(name), place.querySelector("label"), limits]
  const input = label.querySelector("input")
  if (label.firstElementChild === input) {
    const icon = document.createElement("span")
    Object.assign(icon, { className: "icon", translate: false, textContent: "attach_file" })
    icon.setAttribute("aria-hidden", "true")
    label.prepend(icon, words.attach)
  }
  place.querySelector(".paste").textContent = words.paste
  place.hidden = false
  const changed = () => {
    if (list !== window.ticketingFiles.list) return
    keep(name, list)
    drawFiles(place, list, words, changed)
    component.setStateValue("chosen", [name, list.ids, list.isWaiting])
  }
  const take = (files) => {
    if (component.parentElement.isConnected) list.add(files, limits, changed) // the form may serve another page by then
  }
  takeFiles(document.querySelector('[data-testid="stForm"]'), input, take)
  changed()
}
