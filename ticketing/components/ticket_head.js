// Draws the head of a ticket.
// Streamlit calls the default function again whenever the data or the theme changes.

// A second click within this time was meant for the button that was there before.
const DOUBLE_CLICK = 600 // milliseconds
const SAME_PLACE = 10 // pixels
const heads = new WeakMap()

function drawActions(place, { actions, words }) {
  const active = place.getRootNode().activeElement
  const focused = place.contains(active) ? active.dataset.action : ""
  place.setAttribute("aria-label", words.actions)
  place.replaceChildren(
    ...actions.map(([action, word, symbol]) =>
      element("button", { type: "button", "data-action": action }, icon(symbol), word)),
  )
  // The keyboard stays with its button; when that one is gone it waits beside the others, on none of them.
  const buttons = [...place.querySelectorAll("button")]
  if (focused) (buttons.find(({ dataset }) => dataset.action === focused) || place).focus()
}

function related([word, number, label]) {
  const link = element("a", { href: `ticket?id=${number}`, "data-number": number }, label)
  return element("span", { class: "facts" }, `${word} `, link)
}

function meta({ pills, facts, opened, related: others }) {
  const made = pills.map(([word, tone]) => toned(word, tone))
  const [before, [moment, exact, ago], after] = [facts[0], opened, facts[1]]
  made.push(element("span", { class: "facts" }, before, element("time", { datetime: moment, title: exact }, ago), after))
  made.push(...others.map(related))
  return made
}

function isSecondClick(head, event, action) {
  const last = head.click || { at: -DOUBLE_CLICK }
  head.click = { at: performance.now(), action, x: event.clientX, y: event.clientY }
  const isThere = event.detail > 0 && Math.hypot(event.clientX - last.x, event.clientY - last.y) < SAME_PLACE
  return head.click.at - last.at < DOUBLE_CLICK && (isThere || action === last.action)
}

export default function (component) {
  const { parentElement, setTriggerValue } = component
  const data = JSON.parse(new TextDecoder().decode(component.data))
  const head = heads.get(parentElement) || { outbox: new Outbox() }
  heads.set(parentElement, head)
  head.outbox.connect(component, data.answer)
  const back = parentElement.querySelector(".back")
  const actions = parentElement.querySelector(".actions")
  back.setAttribute("href", data.back[0])
  back.replaceChildren(icon("arrow_back"), data.back[1])
  back.onclick = (event) => {
    if (wantsNewTab(event)) return
    event.preventDefault()
    const links = [...document.querySelectorAll('[data-testid="stSidebarNavLink"]')]
    const inMenu = links.find((link) => link.href === back.href)
    // A way that the script goes leaves an address without a ticket behind in the browser's history.
    if (inMenu) inMenu.click()
    else setTriggerValue("back", true)
  }
  actions.onclick = (event) => {
    const button = event.target.closest("button")
    if (button && !isSecondClick(head, event, button.dataset.action)) head.outbox.put(button.dataset.action, ...data.seen)
  }
  parentElement.querySelector("h1").textContent = data.title
  const line = parentElement.querySelector(".meta")
  line.replaceChildren(...meta(data))
  line.onclick = (event) => {
    const link = event.target.closest("a")
    if (!link || wantsNewTab(event)) return
    event.preventDefault()
    setTriggerValue("related", Number(link.dataset.number))
  }
  if (JSON.stringify(data.actions) !== actions.dataset.drawn) drawActions(actions, data)
  actions.dataset.drawn = JSON.stringify(data.actions)
}
