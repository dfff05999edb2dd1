// Draws the list of tickets. Text only ever enters the page as text (textContent), never as HTML.
// Streamlit calls the default function again whenever the data or the theme changes.

const NUMBER = 0, LABEL = 1, HREF = 2, TITLE = 3, STATUS = 4, STATUS_TONE = 5, PRIORITY = 6, PRIORITY_TONE = 7
const REQUESTER = 8, ASSIGNEE = 9, UPDATED = 10, UPDATED_TEXT = 11, IS_UNREAD = 12, CATEGORY = 13
const DUE = 14, DUE_TEXT = 15, DUE_ICON = 16, DUE_TONE = 17, OPENED = 18, OPENED_TEXT = 19
const TONES = new Set(["gray", "blue", "green", "orange", "red", "violet"])
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

function moment(iso, ...words) {
  const parsed = new Date(iso)
  const exact = Number.isNaN(parsed.getTime()) ? iso : parsed.toLocaleString()
  return element("time", { datetime: iso, title: exact }, ...words)
}

// What is near or over says so by its words, a sign and a colour.
function due(row) {
  if (!row[DUE]) return quiet("")
  const made = row[DUE_ICON] ? moment(row[DUE], icon(row[DUE_ICON]), row[DUE_TEXT]) : moment(row[DUE], row[DUE_TEXT])
  if (row[DUE_ICON]) made.className = pill("", row[DUE_TONE]).className
  return made
}

function subject(row, words) {
  const link = element("a", { href: row[HREF], "data-number": row[NUMBER] })
  if (row[IS_UNREAD]) {
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
  opened: (row) => moment(row[OPENED], row[OPENED_TEXT]),
  updated: (row) => moment(row[UPDATED], row[UPDATED_TEXT]),
  due,
}

function choice(label, attributes) {
  return element("input", { type: "checkbox", "aria-label": label, title: label, ...attributes })
}

function header(data) {
  const row = element("tr", { role: "row" })
  if (data.choose) {
    const all = choice(data.choose.page, { "data-choose": "page" })
    row.append(element("th", { scope: "col", role: "columnheader", class: "choose" }, all))
  }
  for (const [name, word, order, where] of data.columns) {
    const direction = data.sorted && data.sorted[0] === name ? data.sorted[1] : null
    const cell = element("th", { scope: "col", role: "columnheader", class: `${name} ${where}`.trim(), "aria-sort": direction })
    if (order) {
      const button = element("button", { type: "button", "data-order": order }, word)
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

function own(word, value) {
  const made = quiet(value)
  made.title = value
  made.dataset.word = word
  return made
}

function line(row, data, place) {
  const made = element("tr", { role: "row", "data-number": row[NUMBER], class: row[IS_UNREAD] ? "unread" : null })
  if (data.choose) {
    const label = data.choose.row.replace("{label}", row[LABEL])
    made.append(element("td", { role: "cell", class: "choose" }, choice(label, { "data-choose": row[NUMBER] })))
  }
  for (const [name, word, , where, values] of data.columns) {
    const role = name === "title" ? { scope: "row", role: "rowheader" } : { role: "cell" }
    const content = values ? own(word, values[place]) : CELLS[name](row, data.words)
    made.append(element(name === "title" ? "th" : "td", { ...role, class: `${name} ${where}`.trim() }, content))
  }
  return made
}

// On a phone there are no column heads to click.
function orders(data) {
  const choice = element("select", { "aria-label": data.words.order, "data-orders": true })
  for (const [order, word] of data.orders) choice.append(element("option", { value: order, selected: order === data.order }, word))
  return choice
}

function numbers(page, pages) {
  const near = new Set([1, page - 1, page, page + 1, pages])
  if (page <= 3) [2, 3, 4].forEach((number) => near.add(number))
  if (page >= pages - 2) [pages - 3, pages - 2, pages - 1].forEach((number) => near.add(number))
  return [...near].filter((number) => number >= 1 && number <= pages).sort((one, other) => one - other)
}

function pager(page, pages, words) {
  const made = element("nav", { "aria-label": words.pages })
  const button = (number, word, label, attributes = {}) =>
    made.append(element("button", { type: "button", "data-page": number, "aria-label": label, ...attributes }, word))
  button(page - 1, "‹", words.previous, { disabled: page === 1, "data-step": "previous" })
  let last = 0
  for (const number of numbers(page, pages)) {
    if (number > last + 1) made.append(element("span", { "aria-hidden": "true" }, "…"))
    button(number, number.toLocaleString(), words.page.replace("{page}", number), { "aria-current": number === page ? "page" : null })
    last = number
  }
  button(page + 1, "›", words.next, { disabled: page === pages, "data-step": "next" })
  return made
}

function exports({ export: files, words }) {
  const made = element("span", { class: "exports" }, words.export, " ")
  for (const [word, href] of files) made.append(element("a", { href, download: true }, word), " ")
  return made
}

function foot(data) {
  const [text, page, pages] = data.foot
  const made = element("div", { class: "foot" }, element("span", {}, text))
  if (data.export.length) made.append(exports(data))
  if (pages > 1) made.append(pager(page, pages, data.words))
  return made
}

function empty([symbol, title, text, action]) {
  const made = element("div", { class: "empty", role: "status" },
    icon(symbol), element("h2", {}, title), element("p", {}, text))
  if (action) {
    const [name, word] = action
    made.append(element("button", { type: "button", ...(name === "clear" ? { "data-clear": "all" } : { "data-new": true }) }, word))
  }
  return made
}

function table(data) {
  if (!data.rows.length) return [empty(data.empty)]
  const made = element("table", { role: "table" }, element("caption", { class: "hidden" }, data.words.caption), header(data))
  made.append(element("tbody", { role: "rowgroup" }, ...data.rows.map((row, place) => line(row, data, place))))
  return [orders(data), made, foot(data)]
}

function views({ head, words }) {
  const saved = savedOne({ head }) ? head.saved.findIndex(([, query]) => query === head.text) : -1
  const made = head.views.map(([view, word, count]) =>
    element("button", { type: "button", "data-view": view, "aria-pressed": String(saved < 0 && view === head.view) },
      word, " ", element("span", {}, count.toLocaleString())))
  made.push(...head.saved.map(([word, , count], place) =>
    element("button", { type: "button", "data-saved": place, "aria-pressed": String(place === saved) },
      word, " ", element("span", {}, count === null ? "" : count.toLocaleString()))))
  if (head.can_save && saved < 0) made.push(element("button", { type: "button", class: "quiet", "data-save": true }, icon("bookmark_add"), words.save))
  if (head.preferred !== null) made.push(preference(head, words))
  return made
}

function preference({ preferred }, words) {
  const word = preferred ? words.preferred : words.prefer
  return element("button", { type: "button", class: "quiet", "data-prefer": true, "aria-pressed": String(preferred) },
    icon("star"), word)
}

function chips(field, chosen, options) {
  return options.map(([value, word]) =>
    element("button", { type: "button", "data-chip": field, "data-value": value, "aria-pressed": String(chosen.includes(value)) }, word))
}

function control(id, field, chosen, options) {
  if (!options) return element("input", { id, type: "text", value: chosen, autocomplete: "off", spellcheck: "false", "data-field": field })
  const made = element("select", { id, "data-field": field })
  for (const [value, word] of options) made.append(element("option", { value, selected: value === chosen }, word))
  return made
}

function filter([field, label, chosen, options]) {
  if (Array.isArray(chosen)) return element("fieldset", {}, element("legend", {}, label), ...chips(field, chosen, options))
  const id = `choice-${field}`
  return element("div", {}, element("label", { for: id }, label), control(id, field, chosen, options))
}

function choices({ head, words }) {
  const made = head.choices.map(filter)
  if (head.narrowing) made.push(element("button", { type: "button", "data-clear": true }, words.clear))
  return made
}

function columns({ head, words }) {
  const made = head.columns.map(([name, word, chosen]) =>
    element("button", { type: "button", "data-column": name, "aria-pressed": String(chosen) }, word))
  return element("fieldset", {}, element("legend", {}, words.columns), ...made)
}

function icon(name) {
  return element("span", { class: "icon", "aria-hidden": "true", translate: "no" }, name)
}

function drawHead({ data, place }) {
  const { head, words } = data
  place.querySelector("h1").textContent = head.title
  const button = place.querySelector(".new")
  if (!button.childElementCount) button.append(icon("add"), words.new)
}

function example([query, meaning]) {
  return element("button", { type: "button", "data-example": query }, element("code", {}, query), element("span", {}, meaning))
}

function drawSearch({ data, place }) {
  const { head, words } = data
  const problem = place.querySelector("#problem")
  problem.textContent = head.problem
  problem.hidden = !head.problem
  const hint = place.querySelector("#hint")
  hint.textContent = head.hint
  hint.hidden = !head.hint
  place.querySelector("input[type=search]").setAttribute("aria-invalid", String(Boolean(head.problem)))
  place.querySelector(".help").setAttribute("aria-label", words.help)
  const help = place.querySelector("#help")
  help.setAttribute("aria-label", words.help)
  help.replaceChildren(element("p", {}, words.help_text), ...head.examples.map(example))
}

function drawBar(list) {
  const { data, place } = list
  const { head, words } = data
  const search = place.querySelector("input[type=search]")
  const more = place.querySelector(".more")
  const bar = place.querySelector(".views")
  bar.setAttribute("aria-label", words.views)
  bar.replaceChildren(...views(data))
  search.setAttribute("aria-label", words.search)
  search.placeholder = words.hint
  // What is being typed stays: the words are set only when others came to hold.
  if (list.searched !== head.text) search.value = list.searched = head.text
  more.textContent = words.more
  more.classList.toggle("used", head.narrowing > 0)
  place.querySelector("#choices").replaceChildren(...choices(data))
  const pick = place.querySelector(".pick")
  pick.textContent = words.columns
  pick.hidden = !head.columns.length
  place.querySelector("#columns").replaceChildren(columns(data))
}

// On a phone not all views are in sight.
function showView(place) {
  const bar = place.querySelector(".views")
  const pressed = bar.querySelector('[aria-pressed="true"]')
  if (pressed) bar.scrollLeft = pressed.offsetLeft - bar.offsetLeft - (bar.clientWidth - pressed.offsetWidth) / 2
}

// What is ticked stays so from page to page, as long as it is the same list.
function drawChosen(list) {
  const { data, place, chosen } = list
  const bar = place.querySelector(".chosen")
  bar.hidden = !data.choose || !chosen.size
  for (const box of place.querySelectorAll("td input[data-choose]")) box.checked = chosen.has(Number(box.dataset.choose))
  const page = place.querySelector('input[data-choose="page"]')
  if (page) {
    const ticked = data.rows.filter((row) => chosen.has(row[NUMBER])).length
    page.checked = ticked > 0 && ticked === data.rows.length
    page.indeterminate = ticked > 0 && !page.checked
  }
  if (bar.hidden) return
  const { choose } = data
  const button = (word, action, attributes = {}) => element("button", { type: "button", "data-change": action, ...attributes }, word)
  bar.replaceChildren(
    element("span", { role: "status" }, choose.chosen.replace("{n}", chosen.size.toLocaleString())),
    button(choose.change, "chosen", { class: "primary" }),
    ...(data.foot[2] > 1 ? [button(choose.all, "all")] : []),
    button(choose.none, "none"))
}

function tick(list, box) {
  const { data, chosen } = list
  const numbers = box.dataset.choose === "page" ? data.rows.map((row) => row[NUMBER]) : [Number(box.dataset.choose)]
  for (const number of numbers) box.checked ? chosen.add(number) : chosen.delete(number)
  drawChosen(list)
}

function changeChosen(list, action) {
  if (action === "none") list.chosen.clear()
  else list.component.setTriggerValue("chosen", action === "all" ? "all" : [...list.chosen])
  drawChosen(list)
}

function draw(list) {
  const { data, place } = list
  const focused = focusedMark(place)
  drawHead(list)
  drawBar(list)
  drawSearch(list)
  place.querySelector(".list").replaceChildren(...table(data))
  drawChosen(list)
  if (focused) place.querySelector(focused)?.focus()
}

const MARKS = ["choose", "change", "view", "saved", "prefer", "chip", "column", "field", "clear", "step", "page", "orders"]

function focusedMark(place) {
  const active = place.getRootNode().activeElement
  if (!active || !active.dataset) return null
  if (active.dataset.order) return `th.${active.closest("th").classList[0]} button`
  const mark = MARKS.find((name) => name in active.dataset)
  if (!mark) return null
  const value = "value" in active.dataset ? `[data-value="${active.dataset.value}"]` : ""
  return `[data-${mark}="${active.dataset[mark]}"]${value}`
}

function wantsNewTab(event) {
  return event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1
}

// Of clicks in quick succession the last one alone may arrive: it takes along what was asked for since the list was drawn.
function ask(list, filters) {
  const { page, ...before } = list.asked
  list.asked = { ...before, ...filters }
  list.component.setTriggerValue("filters", list.asked)
}

// A choice is written into the words, also into those that are only typed yet.
function narrowBy(list, filters) {
  const words = list.place.querySelector("input[type=search]").value
  ask(list, words === list.searched ? filters : { q: words, ...filters })
}

function toggled(place, { chip, value }) {
  const pressed = [...place.querySelectorAll(`button[data-chip="${chip}"][aria-pressed="true"]`)].map((button) => button.dataset.value)
  return pressed.includes(value) ? pressed.filter((other) => other !== value) : [...pressed, value]
}

// All that are shown go along: of clicks in quick succession the last one alone may arrive.
function chooseColumn(list, button) {
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"))
  const shown = [...list.place.querySelectorAll('button[data-column][aria-pressed="true"]')]
  list.component.setTriggerValue("columns", shown.map((one) => one.dataset.column))
}

// Whoever leaves a saved view for another one leaves its words as well.
function savedOne({ head }) {
  return head.view === "all" && head.saved.some(([, query]) => query === head.text)
}

function withoutFilters({ head }) {
  return Object.fromEntries(head.choices.filter(([field]) => field !== "size").map(([field]) => [field, ""]))
}

function pressed(list, button) {
  const { view, saved, save, prefer, column, chip, clear, order, page, example, change, new: isNew } = button.dataset
  if (button.classList.contains("more")) unfold(list.place, "more", "choices")
  else if (button.classList.contains("pick")) unfold(list.place, "pick", "columns")
  else if (button.classList.contains("help")) unfold(list.place, "help", "help")
  else if (example) tryOut(list, example)
  else if (change) changeChosen(list, change)
  else if (view) ask(list, savedOne(list.data) ? { view, q: "" } : { view })
  else if (saved) ask(list, { view: "all", q: list.data.head.saved[saved][1] })
  else if (save !== undefined) list.component.setTriggerValue("save_view", true)
  else if (prefer !== undefined) list.component.setTriggerValue("prefer", !list.data.head.preferred)
  else if (column) chooseColumn(list, button)
  else if (chip) narrowBy(list, { [chip]: toggled(list.place, button.dataset).join(",") })
  else if (clear === "all") ask(list, { q: "" })
  else if (clear !== undefined) ask(list, withoutFilters(list.data))
  else if (isNew !== undefined) list.component.setTriggerValue("new_ticket", true)
  else if (order) ask(list, { sort: order })
  else if (page && !button.hasAttribute("aria-current")) ask(list, { page })
}

function unfold(place, opener, name, hidden) {
  const panel = place.querySelector(`#${name}`)
  panel.hidden = hidden ?? !panel.hidden
  place.querySelector(`.${opener}`).setAttribute("aria-expanded", String(!panel.hidden))
}

function closeHelp(place) {
  unfold(place, "help", "help", true)
}

function tryOut(list, query) {
  closeHelp(list.place)
  list.place.querySelector("input[type=search]").focus()
  ask(list, { q: query })
}

function keyed(list, event) {
  if (event.key !== "Escape" || list.place.querySelector("#help").hidden) return
  closeHelp(list.place)
  list.place.querySelector(".help").focus()
}

// What shows how far that is comes when it is asked for; without it, the browser takes the file by itself.
async function takeAlong({ place, data }, href) {
  const code = await import(new URL(data.taking.code, document.location.href).href).catch(() => null)
  if (code) code.default(place.querySelector(".taking"), href, data.taking)
  else document.location.assign(href)
}

function clicked(list, event) {
  const target = event.target
  if (!target.closest(".help, #help")) closeHelp(list.place)
  const file = target.closest(".exports a")
  if (file && list.data.taking && !wantsNewTab(event)) {
    event.preventDefault()
    takeAlong(list, file.href)
    return
  }
  const button = target.closest("button")
  if (button) {
    pressed(list, button)
    return
  }
  if (target.closest(".choose")) return
  const link = target.closest("tr[data-number]")?.querySelector("a")
  if (!link || event.button > 1) return
  if (wantsNewTab(event)) {
    if (target.closest("a")) return // the browser follows the link by itself
    event.preventDefault()
    window.open(link.href, "_blank", "noopener")
    return
  }
  event.preventDefault()
  list.component.setTriggerValue("opened", Number(link.dataset.number))
}

function changed(list, event) {
  const { orders, field, choose } = event.target.dataset
  if (choose) tick(list, event.target)
  else if (orders !== undefined) ask(list, { sort: event.target.value })
  else if (field) narrowBy(list, { [field]: event.target.value })
}

function searched(list, event) {
  event.preventDefault()
  const words = list.place.querySelector("input[type=search]").value
  if (words === list.data.head.text) return
  list.searched = words
  ask(list, { q: words })
}

// The cross in the field empties it without a form being sent.
function cleared(list, event) {
  if (event.target.type === "search" && event.target.value === "") searched(list, event)
}

// What the list is narrowed to: its view, its words, its filters.
function narrowed({ head }) {
  return JSON.stringify([head.view, head.text, head.choices.map(([field, , chosen]) => [field, chosen])])
}

export default function (component) {
  const { parentElement } = component
  const data = JSON.parse(new TextDecoder().decode(component.data))
  const place = parentElement.querySelector(".tickets")
  const list = lists.get(parentElement) || { chosen: new Set() }
  lists.set(parentElement, list)
  const turned = list.data && list.data.foot[1] !== data.foot[1]
  if (list.data && narrowed(list.data) !== narrowed(data)) list.chosen.clear()
  Object.assign(list, { component, data, place, asked: {} })
  place.onclick = (event) => clicked(list, event)
  place.onauxclick = (event) => clicked(list, event)
  place.onchange = (event) => changed(list, event)
  place.onsubmit = (event) => searched(list, event)
  place.onkeydown = (event) => keyed(list, event)
  place.onsearch = (event) => cleared(list, event)
  draw(list)
  place.hidden = false
  showView(place)
  const search = place.querySelector("input[type=search]")
  beGoal("search", search, () => search.select())
  if (turned) place.scrollIntoView()
  return follow(component, data.live)
}
