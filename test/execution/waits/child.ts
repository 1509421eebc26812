/** A program that takes one step and ends; its last line is what came of it. `node child.ts <setting> <action>`, as JSON. */
import { step } from './step.ts'

const [setting = '', action = ''] = process.argv.slice(2)
console.log(JSON.stringify(await step(JSON.parse(setting), JSON.parse(action))))
