// Single keys for what one does most. They go nowhere but where a link or a field of the page leads, and can be switched
// off: who speaks to a computer, or rests a hand on the keys, would press them unawares (WCAG 2.1.4).

const SWITCHED_OFF = "ticketing-keys-off"
const LONGEST_WAY = 10000 // milliseconds to another page
const LISTS = ["all_tickets", "my_tickets"]
const TAKES_LETTERS = ["input", "textarea", "select", "dialog", "[contenteditable]", "[role=dialog]", "[role=textbox]",
  "[role=combobox]", "[role=listbox]", "[role=menu]", "[role=grid]"].join()
const TEXT = "textarea, input:not([type=checkbox], [type=radio], [type=search])"
const keyboard = (window.ticketingKeyboard ??= { areOff: wereSwitchedOff(), typedInto: new Set() })

const KEYS = {
  n: () => leave("new_ticket"),
  "/": () => goTo("search") || leaveForSearch(),
  r: () => goTo("reply"),
  "?": () => showHelp(keyboard.place),
}

function wereSwitchedOff() {
  try {
    return localStorage.getItem(SWITCHED_OFF) === "yes"
  } catch {
    return false // of a browser that keeps nothing
  }
}

function switchKeys(areOn) {
  keyboard.areOff = !areOn
  try {
    areOn ? localStorage.removeItem(SWITCHED_OFF) : localStorage.setItem(SWITCHED_OFF, "yes")
  } catch {
    // Where a browser keeps nothing, it holds until the page is loaded anew.
  }
}

// The search of a page without a list is a field of Streamlit's.
function goTo(name) {
  const { field, go } = goals[name] ?? {}
  const other = name === "search" && document.querySelector('[data-testid="stMain"] input[type=search]')
  if (field?.isConnected) go()
  else if (other) other.focus()
  return Boolean(field?.isConnected || other)
}

function addressOf(page) {
  return new URL(page, document.location.href)
}

function isHere(page) {
  return addressOf(page).pathname === document.location.pathname
}

function wayTo(page) {
  const { href } = addressOf(page)
  return [...document.querySelectorAll('[data-testid="stSidebarNavLink"]')].find((link) => link.href === href)
}

// Streamlit's own fields forget what was typed into them when their page is left: a letter beside them is no reason to.
function holdsTyped() {
  for (const field of keyboard.typedInto) if (!field.isConnected || !field.value) keyboard.typedInto.delete(field)
  return keyboard.typedInto.size > 0
}

function leave(page) {
  const link = wayTo(page)
  if (!link || isHere(page) || holdsTyped()) return false
  link.click()
  return true
}

function leaveForSearch() {
  const list = LISTS.find(isHere) ?? LISTS.find(wayTo)
  const isOnTheWay = list && (isHere(list) || leave(list))
  if (isOnTheWay) goals.awaited = { name: "search", until: performance.now() + LONGEST_WAY }
}

function isMeantForOthers(event) {
  const isTyped = event.composedPath().some((part) => part.matches?.(TAKES_LETTERS))
  return isTyped || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("[role=dialog]")
}

function pressed(event) {
  const act = KEYS[event.key?.toLowerCase()] // a browser that fills a field in tells of no key
  if (!act || isMeantForOthers(event) || keyboard.place.querySelector("dialog")?.open) return
  event.stopPropagation() // Streamlit has an R of its own, which runs the page anew
  if (keyboard.areOff || event.repeat) return
  event.preventDefault()
  act()
}

function noteTyped({ target }) {
  if (target.matches?.(TEXT)) keyboard.typedInto.add(target)
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

function makeHelp({ title, keys, areOn, close }) {
  const lines = keys.map(([key, word]) =>
    element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, word)))
  const box = element("input", { type: "checkbox" })
  const button = element("button", { type: "button", autofocus: "" }, close)
  const help = element("dialog", { "aria-labelledby": "keys-title", closedby: "any" },
    element("style", {}, STYLE), element("h2", { id: "keys-title" }, title), element("dl", {}, ...lines),
    element("label", {}, box, areOn), button)
  box.onchange = () => switchKeys(box.checked)
  button.onclick = () => help.close()
  return help
}

function showHelp(place) {
  const help = place.querySelector("dialog") ?? place.appendChild(makeHelp(keyboard.words))
  help.querySelector("input").checked = !keyboard.areOff
  help.showModal()
}

// There is one listener, whichever sidebar is there; returns what to do when this one is there no longer.
function listenToKeys(place, words) {
  if (!keyboard.place) {
    document.addEventListener("keydown", pressed, true)
    document.addEventListener("input", noteTyped, true)
    keyboard.stop = () => {
      document.removeEventListener("keydown", pressed, true)
      document.removeEventListener("input", noteTyped, true)
      keyboard.place = null
    }
  }
  Object.assign(keyboard, { place, words })
  return () => keyboard.place === place && keyboard.stop()
}
