// Says what a page shows, so that it is drawn anew when there is something new on it.

export default function (component) {
  const { number, stamp, words } = JSON.parse(new TextDecoder().decode(component.data))
  if (!live.isOn) begin()
  const isSame = live.shown?.number === number
  live.shown = { number, stamp, words, component }
  watch()
  showPresent(isSame ? (live.present ?? []) : (live.present = []))
  return () => {
    if (live.shown?.component.parentElement !== component.parentElement) return
    live.shown = null
    say({ watch: null })
  }
}
