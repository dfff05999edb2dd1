// Draws what somebody was told. Text only ever enters the page as text, never as HTML.
// Whatever opens a ticket is a link with an address of its own: a plain click stays in the session, Ctrl opens a tab.

const ID = 0, HREF = 1, LABEL = 2, TITLE = 3, SIGN = 4, TOLD = 5, EXCERPT = 6, AT = 7, AT_TEXT = 8, IS_UNREAD = 9

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value)
  }
  made.append(...children)
  return made
}

function icon(name) {
  return element("span", { class: "icon", "aria-hidden": "true", translate: "no" }, name)
}

function moment(iso, word) {
  const parsed = new Date(iso)
  return element("time", { datetime: iso, title: Number.isNaN(parsed.getTime()) ? iso : parsed.toLocaleString() }, word)
}

function line(notice, words) {
  const link = element("a", { href: notice[HREF], "data-open": notice[ID] })
  if (notice[IS_UNREAD]) {
    link.append(element("span", { class: "dot", "aria-hidden": "true" }))
    link.append(element("span", { class: "hidden" }, `${words.unread}: `))
  }
  link.append(element("span", { class: "told" }, notice[TOLD]), " ", element("span", { class: "title" }, notice[TITLE]))
  const text = element("div", { class: "text" }, link, element("p", {}, notice[EXCERPT] || notice[LABEL]))
  const made = element("li", { class: notice[IS_UNREAD] ? "unread" : null }, icon(notice[SIGN]), text, moment(notice[AT], notice[AT_TEXT]))
  if (notice[IS_UNREAD]) {
    const label = words.read.replace("{what}", `${notice[TOLD]} ${notice[TITLE]}`)
    made.append(element("button", { type: "button", "data-read": notice[ID], "aria-label": label, title: words.read_short }, icon("check")))
  }
  return made
}

function empty({ empty, empty_text }) {
  return element("div", { class: "empty", role: "status" }, icon("notifications"), element("h2", {}, empty), element("p", {}, empty_text))
}

function pager({ page, pages, words }) {
  const button = (number, word, label) =>
    element("button", { type: "button", "data-page": number, "aria-label": label, disabled: number < 1 || number > pages }, word)
  return element("nav", { "aria-label": words.pages },
    button(page - 1, "‹", words.previous), element("span", {}, `${page} / ${pages}`), button(page + 1, "›", words.next))
}

function clicked({ component }, event) {
  const target = event.target.closest("[data-open], [data-read], [data-page], [data-all]")
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const { open, read, page } = target.dataset
  if (open) component.setTriggerValue("opened", open)
  else if (read) component.setTriggerValue("read", read)
  else if (page) component.setTriggerValue("page", Number(page))
  else component.setTriggerValue("all_read", true)
}

function drawSwitch(button, words) {
  const state = notifications()
  button.hidden = !state
  if (!state) return
  button.textContent = words.notify[state]
  button.disabled = state === "blocked"
  button.onclick = async () => {
    await switchNotifications(words.notify.sample)
    drawSwitch(button, words)
  }
}

export default function (component) {
  const data = JSON.parse(new TextDecoder().decode(component.data))
  const { words } = data
  const place = component.parentElement.querySelector(".notices")
  place.onclick = (event) => clicked({ component }, event)
  place.querySelector("h1").textContent = words.title
  const all = place.querySelector("[data-all]")
  all.textContent = words.all
  all.hidden = !data.unread
  drawSwitch(place.querySelector("[data-notify]"), words)
  const list = place.querySelector("ul")
  list.replaceChildren(...data.notices.map((notice) => line(notice, words)))
  list.hidden = !data.notices.length
  const foot = place.querySelector(".foot")
  foot.replaceChildren(...(data.notices.length ? (data.pages > 1 ? [pager(data)] : []) : [empty(words)]))
  place.hidden = false
}
