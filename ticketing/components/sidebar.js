// What stands below the menu: the ways to the inbox and to the articles, help on the keys, and who is here. How much is
// unread in the inbox, the line to the desk keeps up to date.

const MOST = 99
const BADGE = /^\(\d+\+?\) /
const TO_CLICK_ON = ["stSidebar", "stHeader", "stDownloadButton"].map((part) => `[data-testid=${part}]`)
let counting = null

// On paper nothing can be clicked on, and a menu takes a quarter of it.
if (!window.ticketingPaper) {
  window.ticketingPaper = new CSSStyleSheet({ media: "print" })
  window.ticketingPaper.replaceSync(`${TO_CLICK_ON.join()} { display: none !important }`)
  document.adoptedStyleSheets.push(window.ticketingPaper)
}

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

function lead(component, link, [icon, word], isHere) {
  const { page } = link.dataset
  link.href = page
  link.querySelector(".icon").textContent = icon
  link.querySelector(".word").textContent = word
  isHere ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    component.setTriggerValue("opened", page)
  }
}

function sayWho(line, name, words) {
  const [before, after] = words.person.split("{name}")
  const strong = document.createElement("strong")
  strong.textContent = name
  line.replaceChildren(before, strong, after)
}

function offerHelp(button, { icon, title }) {
  button.querySelector(".icon").textContent = icon
  button.querySelector(".word").textContent = title
  button.onclick = () => showHelp(keyboard.place)
  button.hidden = false
}

function count(inbox, unread, words) {
  draw(inbox, unread, words)
  document.removeEventListener(UNREAD, counting)
  counting = ({ detail }) => draw(inbox, detail, words)
  document.addEventListener(UNREAD, counting)
  followTitle()
  if (!live.isOn) begin()
}

export default function (component) {
  const { ways, here, unread, person, words } = JSON.parse(new TextDecoder().decode(component.data))
  const { parentElement } = component
  for (const link of parentElement.querySelectorAll("a")) {
    const way = ways[link.dataset.page]
    if (way) lead(component, link, way, here === link.dataset.page)
    link.hidden = !way
  }
  sayWho(parentElement.querySelector("p"), person, words)
  if (ways.inbox) count(parentElement.querySelector("a"), unread, words)
  offerHelp(parentElement.querySelector(".keys"), words.keys)
  return listenToKeys(parentElement, words.keys)
}
