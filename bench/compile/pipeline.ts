/** A pipeline of `size` stages, every one with `if`, two expressions, `needs` and `output`. */
export function largePipeline(size: number): string {
  const lines = ['name: large', 'inputs: { topic: string, limit: { type: integer, default: 10 } }', 'stages:']
  for (let i = 0; i < size; i++) {
    const before = Math.max(0, i - 1)
    lines.push(`  - id: stage_${i}`)
    lines.push(i === 0 ? '    needs: []' : `    needs: [stage_${before}${i > 2 ? `, stage_${i - 3}` : ''}]`)
    lines.push(`    if: inputs.limit > ${i % 7}`)
    lines.push('    join: all_succeeded')
    lines.push('    transform:')
    lines.push(`      title: "Stage ${i} about \${{ inputs.topic }}"`)
    lines.push(i === 0 ? `      count: ${i}` : `      count: \${{ stages.stage_${before}.output.count + 1 }}`)
    lines.push('    output: { title: string, count: number }')
  }
  lines.push(`outputs: { count: "\${{ stages.stage_${size - 1}.output.?count }}" }`)
  return `${lines.join('\n')}\n`
}
