// Preloaded into a process that is measured whole: at its exit, the CPU time it used goes to a file.
import { writeFileSync } from 'node:fs'

process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  writeFileSync(process.env.STAGEGRAPH_BENCH_CPU, JSON.stringify({ cpuUs: user + system }))
})
