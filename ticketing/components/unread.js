// The way to the inbox, with how much is unread there, which the line to the desk keeps up to date.

const MOST = 99
const BADGE = /^\(\d+\+?\) /
let counting = null

const inShort = (unread) => (unread > MOST ? `${MOST}+` : String(unread))

function draw(link, unread, words) {
  link.querySelector(".count").textContent = unread ? inShort(unread) : ""
  link.setAttribute("aria-label", unread ? words.unread.replace("{n}", unread) : words.inbox)
  const isMore = unread > (live.unread ?? unread)
  live.unread = unread
  putOnTab()
  if (isMore && document.visibilityState === "hidden" && notifications() === "on") {
    notifyOf(words.news.replace("{n}", unread), () => link.click())
  }
}

function putOnTab() {
  const title = document.title.replace(BADGE, "")
  const wanted = live.unread ? `(${inShort(live.unread)}) ${title}` : title
  if (document.title !== wanted) document.title = wanted
}

// Each page has a title of its own, which Streamlit sets when it has run.
function followTitle() {
  live.titles ??= new MutationObserver(putOnTab)
  live.titles.observe(document.querySelector("title"), { childList: true })
}

export default function (component) {
  const { unread, words, icon, isHere } = JSON.parse(new TextDecoder().decode(component.data))
  const link = component.parentElement.querySelector("a")
  link.href = "inbox"
  link.querySelector(".icon").textContent = icon
  link.querySelector(".word").textContent = words.inbox
  isHere ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")
  draw(link, unread, words)
  link.hidden = false
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    component.setTriggerValue("opened", true)
  }
  document.removeEventListener(UNREAD, counting)
  counting = ({ detail }) => draw(link, detail, words)
  document.addEventListener(UNREAD, counting)
  followTitle()
  if (!live.isOn) begin()
}
