// Files to be attached: chosen, dropped or pasted, sent to the desk at once, and named by their ids in what is sent then.
// Text only ever enters the page as text (textContent), never as HTML.

const PASTED = "image.png" // what browsers call a picture out of the clipboard

// The files of one message: those that have arrived have an id, the others are on their way.
class ChosenFiles {
  constructor(kept = []) {
    this.files = kept.filter(({ id }) => id)
    this.refusal = ""
  }

  get ids() {
    return this.files.map(({ id }) => id).filter(Boolean)
  }

  get isWaiting() {
    return this.files.some(({ id }) => !id)
  }

  // What is kept of it where only text can be kept.
  toJSON() {
    return this.files.filter(({ id }) => id).map(({ id, name, size }) => ({ id, name, size }))
  }

  remove(gone) {
    gone.sending?.abort()
    this.files = this.files.filter((file) => file !== gone)
  }

  forget(ids) {
    if (Array.isArray(ids)) this.files = this.files.filter(({ id }) => !ids.includes(id))
  }

  async add(chosen, { most, largest, words }, changed) {
    this.refusal = ""
    for (const file of chosen) {
      if (this.files.length >= most) this.refusal = words.tooMany
      else if (file.size > largest) this.refusal = words.tooLarge.replace("{name}", file.name)
      else this.#send(file, words, changed)
    }
    changed()
  }

  async #send(file, words, changed) {
    const sent = { name: nameOf(file), size: "", id: "", sending: new AbortController() }
    this.files.push(sent)
    try {
      const answer = await fetch(address(), {
        method: "POST",
        body: file,
        headers: { "x-ticketing": "1", "x-file-name": encodeURIComponent(sent.name.toWellFormed?.() ?? sent.name) },
        signal: sent.sending.signal,
      })
      const told = await answer.json()
      if (!answer.ok) throw new Error(told.error, { cause: told })
      Object.assign(sent, told)
    } catch (error) {
      if (!this.files.includes(sent)) return
      this.remove(sent)
      this.refusal = error.cause?.error ?? words.notSent.replace("{name}", sent.name)
    }
    changed()
  }
}

// The page stands one level deep, so that this works below a path prefix as well.
function address(file = "") {
  return new URL(`attachments${file}`, document.location.href).href
}

function nameOf({ name }) {
  const time = new Date().toTimeString().slice(0, 8).replaceAll(":", ".")
  return name === PASTED ? `screenshot ${time}.png` : name
}

// Files out of a drag or the clipboard; where there is text as well, as in a copied table, the text is meant.
function filesIn(transfer) {
  const isText = transfer?.types.includes("text/plain")
  return isText ? [] : [...(transfer?.files ?? [])]
}

// Takes what is chosen with the input, or dropped or pasted anywhere on the form.
function takeFiles(form, input, take) {
  input.onchange = () => {
    take([...input.files])
    input.value = ""
  }
  form.onpaste = (event) => {
    const files = filesIn(event.clipboardData)
    if (!files.length) return
    event.preventDefault()
    take(files)
  }
  form.ondragover = (event) => {
    if (![...(event.dataTransfer?.items ?? [])].some(({ kind }) => kind === "file")) return
    event.preventDefault()
    form.classList.add("dropping")
  }
  form.ondragleave = (event) => {
    if (!form.contains(event.relatedTarget)) form.classList.remove("dropping")
  }
  form.ondrop = (event) => {
    form.classList.remove("dropping")
    if (!event.dataTransfer?.files.length) return
    event.preventDefault()
    take([...event.dataTransfer.files])
  }
}

function drawFiles(place, list, words, changed) {
  const [items, refusal] = [place.querySelector(".files"), place.querySelector(".files-refusal")]
  items.hidden = !list.files.length
  items.setAttribute("aria-label", words.files)
  const remove = (file) => {
    list.remove(file)
    list.refusal = ""
    changed()
    place.querySelector(".choose-files input").focus()
  }
  const focused = items.getRootNode().activeElement?.closest("li")?.file
  items.replaceChildren(...list.files.map((file) => drawFile(file, words, () => remove(file))))
  items.children[list.files.indexOf(focused)]?.querySelector("button").focus()
  refusal.hidden = !list.refusal
  refusal.textContent = list.refusal
}

function drawFile(file, words, onRemove) {
  const [item, name, size, remove] = ["li", "span", "small", "button"].map((tag) => document.createElement(tag))
  const symbol = document.createElement("span")
  name.textContent = file.name
  size.textContent = file.id ? file.size : words.sending
  Object.assign(symbol, { className: "icon", translate: false, textContent: "close" })
  symbol.setAttribute("aria-hidden", "true")
  remove.type = "button"
  remove.setAttribute("aria-label", words.remove.replace("{name}", file.name))
  remove.append(symbol)
  remove.onclick = onRemove
  item.append(name, size, remove)
  item.file = file
  return item
}
