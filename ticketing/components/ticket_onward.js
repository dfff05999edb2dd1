// Going on to the next ticket of the list after an answer, which each person chooses for themselves in their browser.

const CHOSEN_BY = "ticketing-onward "

function keyOf({ data: { draft } }) {
  const [person] = draft.split(" ")
  return CHOSEN_BY + person
}

function goesOnward(composer) {
  try {
    return localStorage.getItem(keyOf(composer)) === "yes"
  } catch {
    return false // of a browser that keeps nothing
  }
}

function chooseOnward(composer, isWanted) {
  composer.onward = isWanted
  try {
    isWanted ? localStorage.setItem(keyOf(composer), "yes") : localStorage.removeItem(keyOf(composer))
  } catch {
    // as above: then the check mark holds for this ticket
  }
}

function drawOnward(composer) {
  const { place, data } = composer
  const label = place.querySelector(".onward")
  const box = label.querySelector("input")
  label.hidden = !data.onward
  label.querySelector("span").textContent = data.onward
  composer.onward ??= goesOnward(composer)
  box.checked = composer.onward
  box.onchange = () => chooseOnward(composer, box.checked)
}

// What was sent has to be saved first; a refusal, or whatever else is not sent yet, keeps one here. As with messages, what
// is asked just as a run ends Streamlit may lose.
function goOnward(composer) {
  const { component, data, draft, place } = composer
  if (!composer.isLeaving || draft.outbox.waiting.length || composer.asking) return
  composer.isLeaving = place.isConnected && data.onward && !holdsSomething(draft)
  if (!composer.isLeaving) return
  component.setTriggerValue("onward", true)
  composer.asking = setTimeout(() => {
    composer.asking = null
    goOnward(composer)
  }, AGAIN)
}
