// Takes a list along as a file and shows how far that is. The file comes in frames: how many tickets are done, of how
// many, how many bytes follow, and these bytes. Where this code is not, the link leads to the file by itself.

const FRAME = 12
const MANY_PARTS = 200

function joined(one, other) {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}

async function taken(answer, tell) {
  let parts = [], held = new Uint8Array(0), done = 0, whole = -1
  for (const reader = answer.body.getReader(); ;) {
    const { value, done: isOver } = await reader.read()
    if (isOver) break
    held = joined(held, value)
    while (held.length >= FRAME) {
      const head = new DataView(held.buffer, held.byteOffset)
      const end = FRAME + head.getUint32(8)
      if (held.length < end) break
      tell((done = head.getUint32(0)), (whole = head.getUint32(4)))
      parts.push(held.slice(FRAME, end))
      held = held.subarray(end)
      if (parts.length > MANY_PARTS) parts = [new Blob(parts)] // which a browser may put on disk
    }
  }
  if (held.length || done !== whole) throw new Error()
  return new Blob(parts)
}

function save(file, name) {
  const link = document.createElement("a")
  Object.assign(link, { href: URL.createObjectURL(file), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60000)
}

// One file at a time: who presses twice gets it once.
export default async function (place, href, words) {
  const [status, bar, count, stop] = place.children
  if (!stop.hidden) return
  const stopped = new AbortController()
  const say = (text, isOver) => {
    status.textContent = text
    if (isOver && stop.matches(":focus")) place.parentElement.querySelector(".exports a")?.focus()
    bar.hidden = stop.hidden = isOver
    if (isOver) count.textContent = ""
  }
  stop.onclick = () => stopped.abort()
  stop.textContent = words.stop
  bar.removeAttribute("value")
  bar.setAttribute("aria-label", words.begun)
  place.hidden = false
  say(words.begun, false)
  const tell = (done, whole) => {
    Object.assign(bar, { max: Math.max(whole, 1), value: done })
    count.textContent = words.count.replace("{done}", done.toLocaleString()).replace("{whole}", whole.toLocaleString())
  }
  try {
    const answer = await fetch(href + "&frames=1", { signal: stopped.signal })
    const [, name] = (answer.headers.get("content-disposition") || "").split('"')
    if (!name) throw new Error()
    save(await taken(answer, tell), name)
    say(words.done.replace("{name}", name), true)
  } catch {
    say(stopped.signal.aborted ? words.stopped : words.failed, true)
  }
}
