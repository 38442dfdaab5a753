/** Whether a path, in any spelling that some proxy might take for it, lies under `/api`: never open to everyone. */
export function isApiPath(path: string): boolean {
  return spellings(path).some((one) => /^[/\\]+api(?:[/\\;]|$)/i.test(one))
}

function spellings(path: string): string[] {
  try {
    return [path, decodeURIComponent(path)]
  } catch {
    return [path]
  }
}
