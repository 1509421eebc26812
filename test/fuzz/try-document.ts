/** Compiles one random document and looks at everything that comes back. */
import { join } from 'node:path'
import { type CompileResult, compilePipeline } from '../../src/compiler/compile.ts'
import { drawDot, drawJson, drawMermaid } from '../../src/compiler/draw.ts'
import { lowerToStages } from '../../src/compiler/lower/stages.ts'
import { type Diagnostic, formatDiagnostic, hasErrors } from '../../src/foundation/diagnostic.ts'
import { assertJson } from '../../src/foundation/json.ts'
import type { Plan } from '../../src/foundation/plan.ts'
import type { Span } from '../../src/foundation/source.ts'
import type { StageRunner } from '../../src/foundation/stage-runner.ts'
import { builtinFunctions, builtinKinds } from '../../src/stages/index.ts'
import { type RandomDocument, randomDocument } from './documents.ts'
import type { Random } from './random.ts'

/** Throws, with the document, when something else than a sound plan or sound diagnostics comes back. */
export function tryDocument(random: Random): void {
  const document = randomDocument(random)
  try {
    const result = compile(document, document.twin === undefined && random() < 0.2)
    if (hasErrors(result.diagnostics) === (result.plan !== undefined))
      throw new Error('a plan and an error, or neither')
    for (const diagnostic of result.diagnostics) checkDiagnostic(diagnostic, result, document.text)
    if (document.twin !== undefined)
      checkTwin(result, compile({ ...document, text: document.twin }, false), document.twin)
    if (result.plan) checkPlan(result.plan, document, random() < 0.1)
    if (result.plan) checkTrap(document)
  } catch (cause) {
    throw new Error(`this document broke the compiler:\n${JSON.stringify(document.text)}`, { cause })
  }
}

const compile = ({ text, folder }: RandomDocument, strict: boolean): CompileResult =>
  compilePipeline(text, {
    path: join(folder, 'fuzz.yaml'),
    kinds: builtinKinds,
    functions: builtinFunctions,
    models: new Set(),
    strict,
  })

const never = (): never => {
  throw new Error('nothing is run here')
}
const idle: StageRunner = {
  start: never,
  runStage: never,
  inputHash: never,
  settle: never,
  fold: never,
  checkVariable: never,
  checkOutput: never,
  checkAnswer: never,
}

function checkDiagnostic(diagnostic: Diagnostic, { sources }: CompileResult, text: string): void {
  const { span, message, hint = '', related = [] } = diagnostic
  const said = [message, hint, ...related.map((other) => other.message)]
  for (const each of [span, ...related.map((other) => other.span)]) checkSpan(each, sources.get(each.file)?.text)
  if (formatDiagnostic(diagnostic, sources) === '') throw new Error('nothing to show')
  if (
    said.some((each) => /\[object |\bNaN\b/.test(each) || (each.includes('undefined') && !text.includes('undefined')))
  ) {
    throw new Error(`a bad message: ${said.join(' | ')}`)
  }
}

function checkSpan({ file, start, end }: Span, text: string | undefined): void {
  if (text === undefined) throw new Error(`a span in no source: ${file}`)
  const inside = start.offset >= 0 && start.offset <= end.offset && end.offset <= text.length
  if (!inside || start.line < 1 || start.column < 1) throw new Error(`a bad span: ${JSON.stringify({ start, end })}`)
}

function checkTwin(result: CompileResult, twin: CompileResult, text: string): void {
  // Each once: what stands at an alias is told where it was written, and only once there.
  const codes = ({ diagnostics }: CompileResult) => [...new Set(diagnostics.map(({ code }) => code))].toSorted().join()
  if (result.plan?.hash === twin.plan?.hash && codes(result) === codes(twin)) return
  const told = `${result.plan?.hash} ${twin.plan?.hash}\n${codes(result)}\n${codes(twin)}`
  throw new Error(`another result when it is written otherwise:\n${told}\n${JSON.stringify(text)}`)
}

/** What is sound stays sound beside a trap, although the text is searched for traps and read twice then. */
function checkTrap({ text, folder }: RandomDocument): void {
  const withKey = (value: string) => compile({ text: `${text}\nx-trap: ${value}\n`, folder }, false)
  if (!withKey('1').plan) return
  const errors = withKey('!t 1').diagnostics.filter(({ severity }) => severity === 'error')
  if (errors.length === 1 && errors[0]?.code === 'yaml_tag') return
  throw new Error(`beside a trap: ${JSON.stringify(errors)}`)
}

function checkPlan(plan: Plan, document: RandomDocument, lowered: boolean): void {
  assertJson(plan)
  assertJson(drawJson(plan))
  drawMermaid(plan)
  drawDot(plan)
  if (lowered) lowerToStages(plan, idle)
  if (compile(document, false).plan?.hash !== plan.hash) throw new Error('another plan the second time')
}
