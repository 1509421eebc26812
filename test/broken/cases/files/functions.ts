export function announce(): string {
  return 'hi'
}

export const other = 1
