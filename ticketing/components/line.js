// Keeps the line to the desk by which an open page learns that there is something new on it or in the inbox, and by
// which what is typed is kept as a draft. There is one line for a tab, whatever page it shows and whichever component
// has opened it; where there is none, pages work as before.

const KEEP_EVERY = 3000 // milliseconds
const CALM = 1000 // since somebody last moved or pressed something: what they are about to press stays where it is
const TRIES = 3
const VAIN_TRIES = 5 // on a host that has no such line
const HERE_EVERY = 15000
const STILL_REPLYING = 10000 // after the last letter
const SIGNED_OUT = 4401
const UNREAD = "ticketing-unread"
const live = (window.ticketingLive ??= { asked: {}, failures: 0, stirred: 0, typedAt: -STILL_REPLYING })

function open() {
  const address = new URL("live", document.location.href)
  address.protocol = address.protocol.replace("http", "ws")
  address.search = ""
  live.socket = new WebSocket(address)
  live.socket.onopen = () => {
    Object.assign(live, { failures: 0, hadLine: true })
    showPresent((live.present = []))
    watch()
    sayHere()
    keep()
  }
  live.socket.onmessage = ({ data }) => hear(JSON.parse(data))
  live.socket.onclose = ({ code }) => {
    live.failures += 1
    if (code === SIGNED_OUT || (!live.hadLine && live.failures > VAIN_TRIES)) return
    setTimeout(open, 1000 * 2 ** Math.min(live.failures, 5) * (0.5 + Math.random() / 2)) // not all of them at once
  }
}

function say(what) {
  const isOpen = live.socket.readyState === WebSocket.OPEN
  if (isOpen) live.socket.send(JSON.stringify(what))
  return isOpen
}

// Tells the line what a component shows, which is asked to be drawn anew when there is something new; returns what to do
// when it is there no longer.
function follow(component, { number, stamp, unread, wait, words }) {
  if (!live.isOn) begin()
  const isSame = live.shown?.number === number
  if (unread !== (live.shown?.unread ?? null)) live.asked = {}
  live.shown = { number, stamp, unread, isCostly: wait !== null, restsUntil: performance.now() + (wait ?? 0), words, component }
  watch()
  showPresent(isSame ? (live.present ?? []) : (live.present = []))
  return () => {
    if (live.shown?.component.parentElement !== component.parentElement) return
    live.shown = null
    say({ watch: null })
  }
}

function watch() {
  const { number, stamp } = live.shown ?? { number: null }
  say({ watch: number === null ? null : [number, stamp] })
}

// Somebody who has the page before them is there; whoever has typed just now is replying.
function sayHere() {
  const isReplying = performance.now() - live.typedAt < STILL_REPLYING
  if (document.visibilityState === "visible") say({ here: isReplying })
  live.saidReplying = isReplying
  clearTimeout(live.here)
  live.here = setTimeout(sayHere, isReplying ? STILL_REPLYING : HERE_EVERY)
}

function showPresent(present) {
  const line = live.shown?.component.parentElement.querySelector(".present")
  if (!line) return
  const { words } = live.shown
  const said = present.map(([name, isReplying]) => (isReplying ? words.replying : words.viewing).replace("{name}", name))
  line.textContent = said.join(" · ")
  line.hidden = !said.length
}

function hear({ changed, saved, again, present, unread }) {
  if (present) showPresent((live.present = present))
  refresh({ changed, unread })
  if (unread !== undefined) document.dispatchEvent(new CustomEvent(UNREAD, { detail: unread }))
  if (saved) document.dispatchEvent(new CustomEvent("ticketing-saved", { detail: saved }))
  if (again) setTimeout(() => document.dispatchEvent(new CustomEvent("ticketing-again", { detail: again })), KEEP_EVERY)
}

// Whether the page shows less than what the desk has told of.
function isBehind({ number, stamp, unread }, told) {
  const isOld = told.changed !== undefined && (number ? stamp !== told.changed : stamp < told.changed)
  return isOld || (unread !== null && told.unread !== undefined && unread !== told.unread)
}

// Have the script draw the page anew. A page that then says the same as before is not asked for ever; one that costs
// much is only while somebody looks at it, who hears of it again when they come back.
function refresh(told) {
  const { shown } = live
  if (!shown?.component.parentElement.isConnected || !isBehind(shown, told)) return
  if (shown.isCostly && document.visibilityState === "hidden") return
  const wait = Math.max(live.stirred + CALM, shown.restsUntil) - performance.now()
  clearTimeout(live.waiting)
  if (wait > 0) {
    live.waiting = setTimeout(() => refresh(told), wait)
    return
  }
  const stamp = JSON.stringify(told)
  live.asked = { stamp, tries: live.asked.stamp === stamp ? live.asked.tries + 1 : 1 }
  if (live.asked.tries <= TRIES) shown.component.setTriggerValue("changed", stamp)
}

// What is typed is kept once in a while, and when somebody sends it or leaves.
function note() {
  live.keeping ??= setTimeout(keep, KEEP_EVERY)
  live.typedAt = performance.now()
  if (!live.saidReplying) sayHere()
}

function keep() {
  clearTimeout(live.keeping)
  live.keeping = undefined
  for (const [key, draft] of unkept) if (say({ draft })) unkept.delete(key)
}

function begin() {
  live.isOn = true
  const stir = () => (live.stirred = performance.now())
  for (const event of ["pointermove", "pointerdown", "wheel"]) document.addEventListener(event, stir, { passive: true })
  document.addEventListener(TYPED, note)
  // What sends a form or leads elsewhere comes after what was typed before it.
  document.addEventListener("pointerdown", keep, true)
  document.addEventListener("keydown", ({ key }) => key === "Enter" && keep(), true)
  document.addEventListener("visibilitychange", () => {
    keep()
    watch()
    sayHere()
  })
  window.addEventListener("pagehide", keep)
  open()
}
