// Says what a page shows, so that it is drawn anew when there is something new on it.

export default function (component) {
  const { number, stamp, unread, wait, words } = JSON.parse(new TextDecoder().decode(component.data))
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
