// The way to the inbox, with how much is unread there, which the line to the desk keeps up to date.

const MOST = 99
let counting = null

function draw(link, unread, words) {
  link.querySelector(".count").textContent = unread > MOST ? `${MOST}+` : unread || ""
  link.setAttribute("aria-label", unread ? words.unread.replace("{n}", unread) : words.inbox)
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
  if (!live.isOn) begin()
}
