// Canned replies and articles in the composer: the list of them, what one says, and what a reply does in this ticket.
//
// The script is asked for a list when it is opened, and for one of it when it is chosen, until it has heard: for canned
// replies by "" and an id, for articles by ["articles", kind of message, words] and ["article", kind, id]. What a reply
// changes in the ticket belongs to the draft from then on, and goes with what is sent.

const AT_ONCE = null // in the place of a macro's text
const PAUSE = 250 // milliseconds without a key, after which articles are looked for

const asksForArticles = Array.isArray

function isAnswered({ data, asked = null }) {
  return JSON.stringify(asked) === JSON.stringify(data.canned?.asked ?? null)
}

function wordsOf({ data: { canned }, asked }) {
  return asksForArticles(asked) ? canned.articleWords : canned.words
}

function openerOf({ place, asked }) {
  return place.querySelector(asksForArticles(asked) ? ".open-articles" : ".open-canned")
}

// Streamlit may lose a question that is asked just as a run ends; with another number it is asked anew.
function ask(composer) {
  if (isAnswered(composer) || !composer.component.parentElement.isConnected) return
  composer.questions = (composer.questions || 0) + 1
  composer.component.setStateValue("canned", [composer.asked ?? null, composer.questions])
  waitForAnswer(composer)
}

// Each answer is looked at: one to an earlier question may come last, and takes the list away again.
function waitForAnswer(composer) {
  clearTimeout(composer.timer)
  if (!isAnswered(composer)) composer.timer = setTimeout(() => ask(composer), AGAIN)
}

// What was typed right before is not looked for any more once something else is asked for.
function askFor(composer, what) {
  clearTimeout(composer.pause)
  composer.asked = what
  waitForAnswer(composer)
  ask(composer)
  drawCanned(composer)
}

function closeCanned(composer) {
  composer.active = 0
  askFor(composer, null)
  composer.place.querySelector(".canned input").value = ""
}

function macroOf({ data, draft }) {
  return data.canned ? draft.macro : null
}

// Nothing that is typed is lost: the text goes in where the cursor is, and on a new line after a word.
function insert(composer, chosen) {
  const { place, draft } = composer
  const text = place.querySelector("textarea")
  const [end, before] = [text.selectionEnd, text.value.slice(0, text.selectionEnd)]
  const gap = chosen.text && /\S$/.test(before) ? "\n\n" : ""
  text.setRangeText(gap + chosen.text, end, end, "end")
  draft.texts[draft.kind] = text.value
  if (chosen.changes.length) draft.macro = { ...chosen, text: "" }
  draft.refusal = ""
  closeCanned(composer)
  keepDrafts()
  draw(composer)
  text.focus()
}

function applyAtOnce(composer, { id, version }) {
  composer.draft.outbox.put("macro", AT_ONCE, "", composer.data.seen, id, version)
  closeCanned(composer)
  keepDrafts()
  composer.place.querySelector(".open-canned").focus()
}

function button(word, symbol, onclick) {
  const made = element("button", { type: "button" }, icon(symbol), word)
  made.onclick = onclick
  return made
}

function chips(changes) {
  return changes.map((change) => element("li", {}, change))
}

function filledIn({ name, text }) {
  return text ? [element("div", { class: "text", tabindex: 0, role: "group", "aria-label": name }, text)] : []
}

function warning(sentence) {
  return sentence ? [element("p", { class: "warning" }, icon("warning"), sentence)] : []
}

// Articles are looked for by the script, which knows what is in them.
function matching({ place, data, asked }) {
  if (asksForArticles(asked)) return data.canned.articles
  const words = place.querySelector(".canned input").value.toLowerCase().split(/\s+/)
  return data.canned.replies.filter(([, name]) => words.every((word) => name.toLowerCase().includes(word)))
}

function option(composer, [id, name, whose], number) {
  const made = element("li", { role: "option", id: `canned-${number}`, "data-reply": id }, element("span", {}, name))
  if (whose) made.append(element("small", {}, whose))
  made.onclick = () => askFor(composer, asksForArticles(composer.asked) ? ["article", composer.draft.kind, id] : id)
  return made
}

function drawList(composer) {
  const { place, data: { canned: { replies, articles } }, asked } = composer
  const [listed, words] = [asksForArticles(asked) ? articles : replies, wordsOf(composer)]
  const [list, input, none] = ["ul", "input", ".none"].map((part) => place.querySelector(`.canned .list ${part}`))
  const found = listed ? matching(composer) : []
  composer.active = Math.max(0, Math.min(composer.active ?? 0, found.length - 1))
  list.setAttribute("aria-label", words.open)
  const drawn = JSON.stringify(found)
  if (list.dataset.drawn !== drawn) list.replaceChildren(...found.map((reply, number) => option(composer, reply, number)))
  list.dataset.drawn = drawn
  list.hidden = !found.length
  const options = [...list.children]
  options.forEach((one, number) => one.setAttribute("aria-selected", String(number === composer.active)))
  const active = options[composer.active]
  input.setAttribute("aria-activedescendant", active ? active.id : "")
  none.textContent = listed && !found.length ? words.none : ""
}

function onSearchKey(composer, event) {
  const options = composer.place.querySelectorAll(".canned .list li")
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (step) {
    event.preventDefault()
    composer.active = (composer.active + step + options.length) % Math.max(1, options.length)
    drawList(composer)
    options[composer.active]?.scrollIntoView({ block: "nearest" })
  }
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    options[composer.active]?.click()
  }
}

function drawSearch(composer) {
  const input = composer.place.querySelector(".canned input")
  const [words, ofArticles] = [wordsOf(composer), asksForArticles(composer.asked)]
  input.placeholder = words.search
  input.setAttribute("aria-label", words.search)
  input.oninput = () => {
    composer.active = 0
    clearTimeout(composer.pause)
    if (ofArticles) composer.pause = setTimeout(() => lookForArticles(composer), PAUSE)
    else drawList(composer)
  }
  input.onkeydown = (event) => onSearchKey(composer, event)
  const link = composer.place.querySelector(".canned a")
  link.href = ofArticles ? "articles" : "desk_setup?kind=canned_replies"
  link.replaceChildren(icon(ofArticles ? "article" : "tune"), words.manage)
}

function lookForArticles(composer) {
  askFor(composer, ["articles", composer.draft.kind, composer.place.querySelector(".canned input").value])
}

function insertButtons(composer, chosen) {
  const [words, put] = [wordsOf(composer), (text) => insert(composer, { ...chosen, text })]
  if (chosen.link) {
    return [
      button(words.back, "arrow_back", () => lookForArticles(composer)),
      button(words.text, "article", () => put(chosen.text)),
      button(words.insert, "link", () => put(chosen.link)),
    ]
  }
  const buttons = [button(words.back, "arrow_back", () => askFor(composer, ""))]
  if (!chosen.text) buttons.push(button(words.apply, "bolt", () => applyAtOnce(composer, chosen)))
  buttons.push(button(chosen.text ? words.insert : words.add, "add", () => put(chosen.text)))
  return buttons
}

function drawPreview(composer, chosen) {
  const preview = composer.place.querySelector(".canned .preview")
  const drawn = JSON.stringify(chosen)
  if (preview.dataset.drawn === drawn) return
  preview.dataset.drawn = drawn
  if (!chosen) return
  const buttons = insertButtons(composer, chosen)
  preview.replaceChildren(
    element("strong", {}, chosen.name),
    ...filledIn(chosen),
    element("ul", { class: "chips" }, ...chips(chosen.changes)),
    ...warning(chosen.warning),
    element("div", { class: "buttons" }, ...buttons),
  )
  buttons.at(-1).focus()
}

function drawMacro(composer) {
  const box = composer.place.querySelector(".macro")
  const macro = composer.isNote ? null : macroOf(composer)
  box.hidden = !macro
  const drawn = JSON.stringify(macro)
  if (box.dataset.drawn === drawn) return
  box.dataset.drawn = drawn
  if (!macro) return box.replaceChildren()
  const { words } = composer.data.canned
  const remove = element("button", { type: "button", "aria-label": words.remove, title: words.remove }, icon("close"))
  remove.onclick = () => {
    composer.draft.macro = null
    keepDrafts()
    draw(composer)
    composer.place.querySelector("textarea").focus()
  }
  const list = element("ul", { class: "chips", "aria-label": macro.name }, ...chips(macro.changes))
  box.replaceChildren(icon("bolt"), list, remove, ...warning(macro.warning))
}

function drawOpener(composer, name, { symbol, word, isHidden, isOpen, question }) {
  const opener = composer.place.querySelector(name)
  opener.hidden = isHidden
  opener.setAttribute("aria-expanded", String(isOpen))
  if (!opener.childElementCount) opener.append(icon(symbol), word)
  opener.onclick = () => {
    const input = composer.place.querySelector(".canned input")
    input.value = ""
    askFor(composer, isOpen ? null : question)
    if (!isOpen) input.focus()
  }
}

function drawOpeners(composer, isOpen) {
  const { data: { canned }, isNote, asked, draft } = composer
  if (!canned) return
  const ofArticles = asksForArticles(asked)
  drawOpener(composer, ".open-canned", {
    symbol: "quickreply",
    word: canned.words.open,
    isHidden: isNote,
    isOpen: isOpen && !ofArticles,
    question: "",
  })
  drawOpener(composer, ".open-articles", {
    symbol: "article",
    word: canned.articleWords.open,
    isHidden: false,
    isOpen: isOpen && ofArticles,
    question: ["articles", draft.kind, ""],
  })
}

// What was asked for one kind of message is not for the other: fewer people read a note.
function isShown({ data: { canned }, isNote, asked = null, draft }) {
  if (!canned || asked === null) return false
  return asksForArticles(asked) ? asked[1] === draft.kind : !isNote
}

// What was asked for stays out of sight until the script has answered.
function drawCanned(composer) {
  const { place, data: { canned }, asked = null } = composer
  const section = place.querySelector(".canned")
  const [list, preview] = [section.querySelector(".list"), section.querySelector(".preview")]
  const isOpen = isShown(composer)
  section.hidden = !isOpen
  drawOpeners(composer, isOpen)
  drawMacro(composer)
  if (!isOpen) return
  section.onkeydown = (event) => {
    if (event.key !== "Escape") return
    const opener = openerOf(composer)
    closeCanned(composer)
    opener.focus()
  }
  const chosen = canned.chosen && isAnswered(composer) ? canned.chosen : null
  const isBack = !chosen && !preview.hidden
  list.hidden = Boolean(chosen)
  preview.hidden = !chosen
  drawSearch(composer)
  drawList(composer)
  drawPreview(composer, chosen)
  if (isBack) section.querySelector("input").focus()
}
