// Draws which tickets belong to the one that is shown, and leads on to where more of them are chosen.

let asking = null

// The links beside the messages are drawn by the server; a click on one of them stays in the session.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".conversation a.split")
  if (!link || wantsNewTab(event) || !asking?.parentElement.isConnected) return
  event.preventDefault()
  asking.setTriggerValue("asked", ["split", new URL(link.href).searchParams.get("message")])
})

function relatedLine(panel, [wayBack, kind, word, number, label, title, status, tone, removal]) {
  const link = element("a", { href: `ticket?id=${number}` }, `${label} ${title}`)
  link.onclick = (event) => {
    if (wantsNewTab(event)) return
    event.preventDefault()
    panel.component.setTriggerValue("asked", Number(number))
  }
  const remove = element("button", { type: "button", "aria-label": removal, title: removal })
  remove.append(icon(wayBack === "unmerge" ? "undo" : "close"))
  remove.onclick = () => {
    if (remove.ariaDisabled) return
    remove.ariaDisabled = "true" // until there is an answer; the keyboard stays where it is
    panel.outbox.put(wayBack, kind, Number(number))
  }
  const said = element("span", { class: "kind" }, element("span", {}, word), toned(status, tone))
  return element("div", { class: "line" }, said, remove, link)
}

function drawRelated(panel, section) {
  const { related } = panel.data
  asking = panel.component
  section.hidden = !related
  if (!related) return
  const button = drawFold(section, "link", related.words.title)
  button.onclick = () => toggle(button)
  const drawn = JSON.stringify(related)
  if (section.dataset.drawn === drawn && !section.querySelector("[aria-disabled]")) return
  if (related.lines.length && !section.dataset.drawn) button.setAttribute("aria-expanded", "true")
  section.dataset.drawn = drawn
  const lines = related.lines.map((line) => relatedLine(panel, line))
  const ways = related.ways.map(([how, word, symbol]) => {
    const way = element("button", { type: "button", class: "way" }, icon(symbol), word)
    way.onclick = () => panel.component.setTriggerValue("asked", how)
    return way
  })
  const none = element("p", { class: "none" }, related.words.none)
  const body = section.querySelector(".body")
  const isFocused = body.contains(section.getRootNode().activeElement)
  body.replaceChildren(...(lines.length ? lines : [none]), ...ways)
  if (isFocused) button.focus()
}
