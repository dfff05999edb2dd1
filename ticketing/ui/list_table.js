// Draws the list of tickets. Text only ever enters the page as text (textContent), never as HTML.
// Streamlit calls the default function again whenever the data or the theme changes.

const NUMBER = 0, LABEL = 1, HREF = 2, TITLE = 3, STATUS = 4, STATUS_TONE = 5, PRIORITY = 6, PRIORITY_TONE = 7
const REQUESTER = 8, ASSIGNEE = 9, UPDATED = 10, UPDATED_TEXT = 11, UNREAD = 12, CATEGORY = 13
const TONES = new Set(["gray", "blue", "green", "orange", "red", "violet", "yellow"])
const lists = new WeakMap()

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value)
  }
  made.append(...children)
  return made
}

function pill(word, tone) {
  return element("span", { class: `pill ${TONES.has(tone) ? tone : "gray"}` }, word)
}

function quiet(word) {
  return word ? element("span", {}, word) : element("span", { class: "none" }, "–")
}

function moment(row) {
  const parsed = new Date(row[UPDATED])
  const exact = Number.isNaN(parsed.getTime()) ? row[UPDATED] : parsed.toLocaleString()
  return element("time", { datetime: row[UPDATED], title: exact }, row[UPDATED_TEXT])
}

function subject(row, words) {
  const link = element("a", { href: row[HREF], "data-number": row[NUMBER] })
  if (row[UNREAD]) {
    link.append(element("span", { class: "dot", "aria-hidden": "true" }))
    link.append(element("span", { class: "hidden" }, `${words.unread}: `))
  }
  link.append(row[TITLE])
  return link
}

const CELLS = {
  number: (row) => element("span", { class: "number" }, row[LABEL]),
  title: subject,
  requester: (row) => quiet(row[REQUESTER]),
  status: (row) => pill(row[STATUS], row[STATUS_TONE]),
  priority: (row) => pill(row[PRIORITY], row[PRIORITY_TONE]),
  assignee: (row) => quiet(row[ASSIGNEE]),
  category: (row) => quiet(row[CATEGORY]),
  updated: moment,
}

function tick(label, checked, attributes) {
  const box = element("input", { type: "checkbox", "aria-label": label, ...attributes })
  box.checked = checked
  return box
}

function header(data, ticked) {
  const row = element("tr", { role: "row" })
  if (data.selectable) {
    const every = data.rows.length > 0 && data.rows.every((one) => ticked.has(one[NUMBER]))
    const box = tick(data.words.all, every, { "data-all": true })
    box.indeterminate = !every && ticked.size > 0
    row.append(element("th", { scope: "col", role: "columnheader", class: "tick" }, box))
  }
  for (const [name, word, sortable] of data.columns) {
    const direction = data.sorted && data.sorted[0] === name ? data.sorted[1] : null
    const cell = element("th", { scope: "col", role: "columnheader", class: name, "aria-sort": direction })
    if (sortable) {
      const button = element("button", { type: "button", "data-sort": name }, word)
      button.title = data.words.sort.replace("{column}", word)
      button.append(element("span", { class: "arrow", "aria-hidden": "true" }, { ascending: "↑", descending: "↓" }[direction] || ""))
      cell.append(button)
    } else {
      cell.append(word)
    }
    row.append(cell)
  }
  return element("thead", { role: "rowgroup" }, row)
}

function line(row, data, ticked) {
  const made = element("tr", { role: "row", "data-number": row[NUMBER], class: row[UNREAD] ? "unread" : null })
  made.classList.toggle("ticked", ticked.has(row[NUMBER]))
  if (data.selectable) {
    const box = tick(data.words.select.replace("{label}", row[LABEL]), ticked.has(row[NUMBER]), { "data-tick": row[NUMBER] })
    made.append(element("td", { role: "cell", class: "tick" }, box))
  }
  for (const [name] of data.columns) {
    const role = name === "title" ? { scope: "row", role: "rowheader" } : { role: "cell" }
    made.append(element(name === "title" ? "th" : "td", { ...role, class: name }, CELLS[name](row, data.words)))
  }
  return made
}

function draw(list) {
  const { data, ticked, place } = list
  const focused = focusedMark(place)
  const table = element("table", { role: "table" }, element("caption", { class: "hidden" }, data.words.caption), header(data, ticked))
  table.append(element("tbody", { role: "rowgroup" }, ...data.rows.map((row) => line(row, data, ticked))))
  place.replaceChildren(table)
  if (focused) place.querySelector(focused)?.focus()
}

function focusedMark(place) {
  const active = place.getRootNode().activeElement
  for (const mark of ["sort", "tick", "all"]) {
    if (active && active.dataset && mark in active.dataset) return `[data-${mark}="${active.dataset[mark]}"]`
  }
  return null
}

function wantsNewTab(event) {
  return event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1
}

function clicked(list, event) {
  const target = event.target
  const sort = target.closest("button[data-sort]")
  if (sort) {
    list.component.setTriggerValue("sort", sort.dataset.sort)
    return
  }
  if (target.closest(".tick")) return
  const row = target.closest("tr[data-number]")
  if (!row || (event.button !== 0 && event.button !== 1) || event.altKey) return
  const onLink = target.closest("a")
  if (wantsNewTab(event)) {
    if (!onLink) window.open(row.querySelector("a").href, "_blank", "noopener")
    return
  }
  if (!onLink && String(document.getSelection())) return
  event.preventDefault()
  list.component.setTriggerValue("opened", Number(row.dataset.number))
}

function changed(list, event) {
  const { all, tick: number } = event.target.dataset
  if (all !== undefined) {
    list.ticked = new Set(event.target.checked ? list.data.rows.map((row) => row[NUMBER]) : [])
  } else if (number !== undefined) {
    event.target.checked ? list.ticked.add(Number(number)) : list.ticked.delete(Number(number))
  } else {
    return
  }
  list.component.setStateValue("selected", [...list.ticked])
  draw(list)
}

export default function (component) {
  const { parentElement } = component
  const data = JSON.parse(new TextDecoder().decode(component.data))
  const place = parentElement.querySelector(".tickets")
  const list = lists.get(parentElement) || { ticked: new Set() }
  lists.set(parentElement, list)
  const shown = new Set(data.rows.map((row) => row[NUMBER]))
  Object.assign(list, { component, data, place, ticked: new Set([...list.ticked].filter((number) => shown.has(number))) })
  place.onclick = (event) => clicked(list, event)
  place.onauxclick = (event) => clicked(list, event)
  place.onchange = (event) => changed(list, event)
  draw(list)
}
