// What the parts of a ticket's page have in common; it stands before the script of each.
// Text only ever enters the page as text (textContent), never as HTML.

const AGAIN = 5000 // milliseconds
const TONES = new Set(["gray", "blue", "green", "orange", "red", "violet"])

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

function icon(name) {
  return element("span", { class: "icon", "aria-hidden": "true", translate: "no" }, name)
}

function toned(word, tone) {
  return element("span", { class: `pill ${TONES.has(tone) ? tone : "gray"}` }, word)
}

function wantsNewTab(event) {
  return event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0
}

// What a person does is numbered, and sent until the script answers that it has dealt with that number: of two messages
// sent while it is busy Streamlit delivers the later one alone, and without a line to the server it delivers none.
// The number is a time, so that it is a new one also after a reload.
class Outbox {
  waiting = []
  done = 0
  #component = null
  #timer = 0

  // Take the script's answer, and return the reports that it answers, each with its refusal, "" if there is none.
  connect(component, { done, refusals }) {
    const sentences = new Map(refusals)
    const answered = this.waiting.filter(([number]) => number <= done)
    this.waiting = this.waiting.filter(([number]) => number > done)
    this.done = done
    this.#component = component
    if (!this.#timer) this.post()
    return answered.map((report) => [report, sentences.get(report[0]) || ""])
  }

  put(...what) {
    const number = Math.max(Date.now(), this.done + 1, ...this.waiting.map(([earlier]) => earlier + 1))
    this.waiting.push([number, ...what])
    this.post()
  }

  post() {
    clearTimeout(this.#timer)
    this.#timer = 0
    if (!this.waiting.length || !this.#component.parentElement.isConnected) return
    this.#component.setTriggerValue("outbox", this.waiting)
    this.#timer = setTimeout(() => this.post(), AGAIN)
  }
}
