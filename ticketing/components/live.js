// Says what a page shows, so that it is drawn anew when there is something new on it.

export default function (component) {
  return follow(component, JSON.parse(new TextDecoder().decode(component.data)))
}
