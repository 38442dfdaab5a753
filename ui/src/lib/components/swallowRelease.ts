/**
 * The release of a press that has done its work already does nothing more: what has taken the button's place under
 * the finger must not be clicked. Ends with the next press; keys and assistive technology click without one.
 */
export function swallowRelease(): void {
  const ended = new AbortController()
  const swallow = (event: MouseEvent): void => {
    if (event.detail === 0) return
    event.preventDefault()
    event.stopPropagation()
  }
  addEventListener('click', swallow, { capture: true, signal: ended.signal })
  addEventListener('pointerdown', () => ended.abort(), { capture: true, signal: ended.signal })
}
