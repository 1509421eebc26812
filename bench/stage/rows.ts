/** The chains that are measured: what stands under the `id` of each stage. */
export type Row = (index: number) => string

/** The output of the stage before. */
const before = (index: number): string => (index === 0 ? '0' : `\${{ stages.s${index - 1}.output }}`)

export const rows: Readonly<Record<string, Row>> = {
  registered: () => 'uses: bench/noop',
  'registered, own name': (index) => `uses: bench/s${index}`,
  'registered, literal input': (index) => `uses: bench/noop\n    with: { n: ${index} }`,
  'registered, input': (index) => `uses: bench/noop\n    with: { n: ${index}, from: "${before(index)}" }`,
  file: () => 'uses: ./noop.ts#noop',
  'transform, literal': () => 'transform: 1',
  'transform, expression': (index) => `transform: "${before(index)}"`,
}
