// Shows recovery codes, and saves them as a file that the page itself makes: at no address are they to be had.

const SAVED_WITHIN = 10000 // milliseconds

function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "text/plain" }))
  Object.assign(document.createElement("a"), { href: address, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(address), SAVED_WITHIN)
}

export default function (component) {
  const { codes, file, text, download } = JSON.parse(new TextDecoder().decode(component.data))
  const place = component.parentElement.querySelector(".recovery-codes")
  const items = codes.map((code) => Object.assign(document.createElement("li"), { textContent: code }))
  place.querySelector("ul").replaceChildren(...items)
  const button = place.querySelector("button")
  button.textContent = download
  button.onclick = () => save(file, text)
  place.hidden = false
}
