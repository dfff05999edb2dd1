// Where what is typed waits to be kept by the desk: of each field the last text, until `live.js` has a line to send it.

const TYPED = "ticketing-typed"
const unkept = (window.ticketingUnkept ??= new Map())

function keepOnDesk(number, field, text) {
  unkept.set(`${number} ${field}`, [number, field, text])
  document.dispatchEvent(new Event(TYPED))
}
