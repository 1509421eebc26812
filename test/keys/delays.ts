/** Milliseconds between a failure and the time of the next try, in order. */
export const delays = (events: readonly { type: string; at: string }[]): number[] =>
  events.flatMap((event) =>
    event.type === 'stage.retrying' && 'next_at' in event
      ? [Date.parse(String(event.next_at)) - Date.parse(event.at)]
      : [],
  )
