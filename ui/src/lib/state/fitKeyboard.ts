const least = 120

/**
 * iOS lays its keyboard over the page instead of making the page smaller. Sets `--app-height` and `data-keyboard`
 * on the root while that is so, until the returned function is called. Pinching in is no keyboard.
 */
export function fitKeyboard(): () => void {
  const { visualViewport: viewport } = window
  const root = document.documentElement
  if (viewport === null) return () => undefined
  const fit = (): void => {
    const covered = innerHeight - viewport.height
    if (covered > least && Math.abs(viewport.scale - 1) < 0.01) {
      root.dataset.keyboard = ''
      root.style.setProperty('--app-height', `${viewport.height}px`)
      scrollTo(0, 0)
    } else {
      delete root.dataset.keyboard
      root.style.removeProperty('--app-height')
    }
  }
  viewport.addEventListener('resize', fit)
  return () => viewport.removeEventListener('resize', fit)
}
