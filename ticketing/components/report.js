// Draws figures, charts, tables and lists of tickets. Text only ever enters the page as text, never as HTML.
// Whatever opens something is a link with an address of its own: a plain click stays in the session, Ctrl opens a tab.

const TONES = new Set(["gray", "green", "red"])
const NICE = [10, 12, 16, 20, 30, 40, 50, 60, 80]
const DAY = 24 * 60 * 60 * 1000
const reports = new WeakMap()

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value)
  }
  made.append(...children)
  return made
}

// What a number opens: an address as it is, or a cell of this report.
function address(data, opens, page = 1) {
  if (typeof opens === "string") return opens
  const [metric, day, age, group] = opens
  const asked = new URLSearchParams({ ...data.base, metric })
  for (const [name, value] of [["day", day], ["age", age], ["group", group]]) if (value !== null) asked.set(name, value)
  if (page > 1) asked.set("page", page)
  return `reports?${asked}`
}

function number(data, text, opens) {
  return opens ? element("a", { href: address(data, opens) }, text) : element("span", {}, text)
}

// A definition beside what it defines, opened by its button and closed by Escape or a click elsewhere.
function definition(data, metric, text, id) {
  if (!text) return []
  const label = data.words.how.replace("{metric}", metric)
  const told = element("div", { id, popover: "auto", class: "told" }, text)
  const button = element("button", { type: "button", class: "how", popovertarget: id, "aria-label": label, title: label }, "?")
  button.addEventListener("click", () => {
    const place = button.getBoundingClientRect()
    told.style.top = `${Math.min(place.bottom + 4, window.innerHeight - 120)}px`
    told.style.left = `${Math.max(8, Math.min(place.left, window.innerWidth - 296))}px`
  })
  return [button, told]
}

function heading(data, block, id) {
  return element("h2", {}, block.title, ...definition(data, block.title, block.how, id))
}

function tiles(data, block, id) {
  return block.tiles.map(([label, value, opens, how, note], index) => {
    const made = element("section", { class: "tile" },
      element("h2", {}, label, ...definition(data, label, how, `${id}-${index}`)),
      element("p", { class: "value" }, number(data, value, opens)))
    if (note.length) made.append(element("p", { class: `note ${TONES.has(note[1]) ? note[1] : "gray"}` }, note[0]))
    return made
  })
}

// The least round number that is not less: the top of a scale.
function roundedUp(most) {
  for (let step = 0.1; ; step *= 10) {
    const top = NICE.map((nice) => Math.round(nice * step)).find((round) => round >= most)
    if (top !== undefined) return top
  }
}

function dayNames(first, count) {
  const begin = Date.parse(`${first}T00:00Z`)
  const days = Array.from({ length: count }, (_, index) => new Date(begin + index * DAY))
  const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", timeZone: "UTC" })
  return days.map((day) => [day.toISOString().slice(0, 10), short.format(day)])
}

function bar(data, series, index, [day, name], value, top) {
  const [metric, word] = series
  const label = data.words.bar.replace("{series}", word).replace("{day}", name).replace("{n}", value)
  const made = element("a", {
    href: address(data, [metric, day, null, null]), class: "bar", "data-series": index, "aria-label": label, title: label, tabindex: -1,
  })
  made.style.height = `${(100 * value) / top}%`
  return made
}

function plot(data, block, days, top) {
  const every = Math.ceil(days.length / 8)
  const columns = days.map((day, place) => {
    const bars = block.series.map((series, index) => (series[3][place] ? bar(data, series, index, day, series[3][place], top) : element("span")))
    const made = element("li", {}, element("div", { class: "stack" }, ...bars))
    if (place % every === 0) made.append(element("span", { class: "day", "aria-hidden": "true" }, day[1]))
    return made
  })
  const scale = element("div", { class: "scale", "aria-hidden": "true" }, element("span", {}, top.toLocaleString()), element("span", {}, "0"))
  const made = element("div", { class: "plot" }, scale, element("ol", { class: "days" }, ...columns))
  made.querySelector("a.bar")?.setAttribute("tabindex", "0")
  return made
}

function legend(data, block, id) {
  if (block.series.length < 2) return []
  return [element("ul", { class: "legend" }, ...block.series.map(([, word, how], index) =>
    element("li", {}, element("span", { class: "key", "data-series": index, "aria-hidden": "true" }), word, ...definition(data, word, how, `${id}-${index}`))))]
}

// Made when it is unfolded: the same numbers for who reads them one by one.
function asTable(data, block, days, id) {
  const made = element("details", {}, element("summary", { id: `${id}-table` }, data.words.table))
  made.unfold = () => {
    if (made.querySelector("table")) return
    const head = element("tr", {}, ...[data.words.day, ...block.series.map((series) => series[1])].map((word) => element("th", { scope: "col" }, word)))
    const lines = days.map((day, place) => element("tr", {}, element("th", { scope: "row" }, day[1]), ...block.series.map((series) => {
      const value = series[3][place]
      return element("td", {}, number(data, value.toLocaleString(), value ? [series[0], day[0], null, null] : null))
    })))
    made.append(element("div", { class: "wide" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...lines))))
  }
  made.addEventListener("toggle", made.unfold)
  return made
}

function chart(data, block, id) {
  const days = dayNames(block.first, block.series[0][3].length)
  const most = Math.max(...block.series.flatMap((series) => series[3]))
  const how = block.series.length < 2 ? { ...block, how: block.series[0][2] } : block
  if (most === 0) return [heading(data, how, id), element("p", { class: "note" }, data.words.nothing)]
  return [heading(data, how, id), ...legend(data, block, id), plot(data, block, days, roundedUp(most)), asTable(data, block, days, id)]
}

function bars(data, block, id) {
  const most = Math.max(1, ...block.lines.map((line) => line[1]))
  const lines = block.lines.map(([label, value, opens]) => {
    const share = element("span", { class: "share", "data-series": 0, "aria-hidden": "true" })
    share.style.width = `${(100 * value) / most}%`
    const amount = value ? number(data, value.toLocaleString(), opens) : element("span", {}, "0")
    if (value && opens) amount.setAttribute("aria-label", `${label}: ${value}`)
    return element("li", {}, element("span", { class: "label" }, label), element("span", { class: "track", "aria-hidden": "true" }, share), amount)
  })
  return [heading(data, block, id), element("ul", { class: "lines" }, ...lines)]
}

function table(data, block, id) {
  const head = block.columns.map(([word, how], index) => element("th", { scope: "col" }, word, ...definition(data, word, how, `${id}-${index}`)))
  const lines = block.lines.map(([name, ...cells]) => element("tr", {}, element("th", { scope: "row" }, name[0]),
    ...cells.map(([text, opens]) => element("td", {}, number(data, text, opens)))))
  const made = element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...lines))
  return [heading(data, block, id), element("div", { class: "wide", id: `${id}-wide`, tabindex: 0, role: "group", "aria-label": block.title }, made)]
}

function pager(data, [opens, page, pages]) {
  const { words } = data
  const step = (to, sign, label) => (to < 1 || to > pages ? element("span", { "aria-hidden": "true" }, sign) : element("a", { href: address(data, opens, to), "aria-label": label }, sign))
  return element("nav", { "aria-label": words.pages }, step(page - 1, "‹", words.previous), element("span", {}, `${page} / ${pages}`), step(page + 1, "›", words.next))
}

function ticketLines(data, block) {
  const lines = block.lines.map(([id, label, title, ...rest]) => element("tr", {},
    element("td", {}, label),
    element("th", { scope: "row" }, element("a", { href: `ticket?id=${id}` }, title)),
    ...rest.map((text) => element("td", {}, text))))
  return element("table", { class: "tickets" },
    element("thead", {}, element("tr", {}, ...block.columns.map((word) => element("th", { scope: "col" }, word)))), element("tbody", {}, ...lines))
}

function tickets(data, block, id) {
  const made = [heading(data, block, id), block.lines.length ? ticketLines(data, block) : element("p", { class: "note" }, block.empty)]
  if (!block.behind) return made
  const foot = element("div", { class: "foot" }, element("a", { href: `reports?${new URLSearchParams(data.base)}` }, data.words.close))
  if (block.behind[2] > 1) foot.append(pager(data, block.behind))
  return [...made, foot]
}

const KINDS = { tiles, chart, bars, table, tickets }

function drawHead({ data, place }) {
  place.querySelector("h1").textContent = data.title
  const presets = data.presets.map(([days, word, chosen]) => {
    const { first, last, ...base } = data.base
    return element("a", { href: `${data.page}?${new URLSearchParams({ ...base, days })}`, "aria-current": chosen ? "true" : null }, word)
  })
  const measures = data.measures.map(([calendar, word, chosen]) => {
    const { calendar: present, ...base } = data.base
    const asked = new URLSearchParams(calendar ? { ...base, calendar } : base)
    return element("a", { href: `${data.page}?${asked}`, "aria-current": chosen ? "true" : null }, word)
  })
  const hours = place.querySelector(".measures")
  hours.hidden = !measures.length
  hours.ariaLabel = measures.length ? data.words.measures : null
  hours.replaceChildren(element("span", {}, data.words.measures), ...measures)
  const bar = place.querySelector(".presets")
  bar.setAttribute("aria-label", data.words.period)
  bar.replaceChildren(...presets, element("a", { href: data.other[0], class: "other" }, data.other[1]))
  place.querySelector(".asked").textContent = askedFor(data).join(" · ")
  place.querySelector(".counted").textContent = data.counted
}

function field(id, label, control) {
  control.id = id
  return element("div", {}, element("label", { for: id }, label), control)
}

function drawForm({ data, place }) {
  const form = place.querySelector("form")
  form.hidden = !data.form
  if (!data.form) return
  const days = data.form.days.map(([name, label, value]) => field(`field-${name}`, label, element("input", { type: "date", name, value, required: true })))
  const choices = data.form.choices.map(([name, label, chosen, options]) =>
    field(`field-${name}`, label, element("select", { name }, ...options.map(([value, word]) => element("option", { value, selected: value === chosen }, word)))))
  const [name, label, value, hint] = data.form.query
  const query = element("input", { type: "text", name, value, placeholder: hint, autocomplete: "off", spellcheck: "false" })
  const asked = field(`field-${name}`, label, query)
  asked.className = "query"
  form.replaceChildren(...days, asked, ...choices, element("button", { type: "submit", class: "primary" }, data.form.apply))
}

// On paper there is no form: it says what was asked for.
function askedFor({ presets, measures, words, form }) {
  const chosen = (choices) => choices.filter(([, , isChosen]) => isChosen).map(([, word]) => word)
  if (!form) return [...chosen(presets), ...chosen(measures).map((word) => `${words.measures}: ${word}`)]
  const [, label, text] = form.query
  return [
    ...form.days.map(([, day, value]) => `${day}: ${value}`),
    ...(text ? [`${label}: ${text}`] : []),
    ...form.choices.map(([, choice, chosen, options]) => `${choice}: ${new Map(options).get(chosen)}`),
  ]
}

function drawBlock(data, block, id) {
  const made = element(block.kind === "tiles" ? "div" : "section", { class: `${block.kind}${block.broad ? " broad" : ""}${block.behind ? " behind" : ""}` }, ...KINDS[block.kind](data, block, id))
  made.drawnFrom = JSON.stringify([data.base, block])
  return made
}

// What a reader has unfolded, opened or scrolled is so in what is put in its place.
function putInPlace(old, made) {
  const pairs = (selector) => [...old.querySelectorAll(selector)].map((one, index) => [one, made.querySelectorAll(selector)[index]]).filter(([, other]) => other)
  for (const [one, other] of pairs("details")) {
    other.open = one.open
    if (one.open) other.unfold()
  }
  const scrolled = pairs(".wide").map(([one, other]) => [other, one.scrollLeft])
  const told = old.querySelector(".told:popover-open")
  old.replaceWith(made)
  for (const [wide, left] of scrolled) wide.scrollLeft = left
  const other = told && made.querySelector(`#${told.id}`)
  if (!other) return
  other.style.cssText = told.style.cssText
  other.showPopover()
}

// A block that says the same as before stays as it is.
function drawBlocks({ data, place }) {
  const all = place.querySelector(".blocks")
  const before = [...all.children]
  data.blocks.forEach((block, index) => {
    const made = drawBlock(data, block, `told-${index}`)
    const old = before[index]
    if (!old) all.append(made)
    else if (old.drawnFrom !== made.drawnFrom) old.className === made.className ? putInPlace(old, made) : old.replaceWith(made)
  })
  for (const old of before.slice(data.blocks.length)) old.remove()
}

// How to find again what has the focus: by where it leads, by what it opens, or by its name.
function mark(focused) {
  const name = ["href", "popovertarget", "id"].find((each) => focused?.hasAttribute(each))
  return name && `${focused.localName}[${name}="${CSS.escape(focused.getAttribute(name))}"]`
}

function draw(report) {
  const { place, data } = report
  const focused = mark(place.getRootNode().activeElement)
  drawHead(report)
  const form = JSON.stringify([data.page, data.form])
  if (form !== report.form) drawForm(report)
  report.form = form
  drawBlocks(report)
  if (focused) place.querySelector(focused)?.focus({ preventScroll: true })
}

function clicked(report, event) {
  const link = event.target.closest("a")
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
  event.preventDefault()
  report.component.setTriggerValue("asked", link.getAttribute("href"))
}

function submitted(report, event) {
  event.preventDefault()
  const asked = new URLSearchParams([...new FormData(event.target)].filter(([, value]) => value))
  report.component.setTriggerValue("asked", `reports?${asked}`)
}

// One bar of a chart is reached by Tab, the others from there by the arrows.
function moved(event) {
  const here = event.target.closest("a.bar")
  const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key]
  if (!here || step === undefined) return
  event.preventDefault()
  const all = [...here.closest(".plot").querySelectorAll("a.bar")]
  const next = all[Math.max(0, Math.min(all.length - 1, all.indexOf(here) + step))]
  here.setAttribute("tabindex", "-1")
  next.setAttribute("tabindex", "0")
  next.focus()
}

export default function (component) {
  const { parentElement } = component
  const data = JSON.parse(new TextDecoder().decode(component.data))
  const place = parentElement.querySelector(".report")
  const report = reports.get(parentElement) || {}
  reports.set(parentElement, report)
  const behind = JSON.stringify(data.blocks.find((block) => block.behind)?.behind.slice(0, 2))
  const opened = behind !== undefined && behind !== report.behind
  Object.assign(report, { component, data, place, behind })
  place.onclick = (event) => clicked(report, event)
  place.onsubmit = (event) => submitted(report, event)
  place.onkeydown = moved
  draw(report)
  place.hidden = false
  if (opened) place.querySelector(".behind").scrollIntoView({ block: "nearest" })
}
