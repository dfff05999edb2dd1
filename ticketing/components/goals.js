// Where single keys lead on the page that is shown, such as to the search of a list; `keyboard.js` goes there.

const goals = (window.ticketingGoals ??= {})

// What is asked for on another page, which one goes to first, is led to when it is drawn.
function beGoal(name, field, go = () => field.focus()) {
  goals[name] = { field, go }
  if (goals.awaited?.name !== name) return
  if (performance.now() < goals.awaited.until) go()
  goals.awaited = null
}
