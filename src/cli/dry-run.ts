/**
 * What a run would do, from its plan and its inputs alone: stages by level, and what each would do.
 *
 * Stages of a level wait only for stages of the levels above.
 */
import { formatDuration } from '../foundation/duration.ts'
import { isJsonObject, type Json, type JsonObject } from '../foundation/json.ts'
import { needsOf, type Plan, type StagePlan } from '../foundation/plan.ts'
import type { Template } from '../foundation/template.ts'
import type { Style } from './render/style.ts'
import { cutToWidth, safeLine } from './render/text.ts'

export interface DryRun {
  readonly plan: Plan
  readonly inputs: JsonObject
  readonly until: string | undefined
}

export function dryRunLines({ plan, inputs, until }: DryRun, style: Style): string[] {
  const levels = levelsOf(plan)
  return [
    `${style.paint('bold', plan.name)}: ${count(plan.stages.length, 'stage')}, ${count(levels.length, 'level')}. Nothing is run.`,
    ...inputLines(plan, inputs),
    ...levels.flatMap((stages, at) => ['', `level ${at + 1}`, ...stages.flatMap((stage) => stageLines(stage, plan))]),
    ...(until === undefined ? [] : ['', `The run pauses when "${until}" is done.`]),
  ]
}

/** Level by level, each in list order. */
export function levelsOf(plan: Plan): StagePlan[][] {
  const levelOf = new Map<string, number>()
  const levels: StagePlan[][] = []
  let highest = -1 // of every stage above in the list: what `all_above` waits for
  for (const stage of plan.stages) {
    const below =
      stage.needs === 'all_above'
        ? highest
        : Math.max(-1, ...needsOf(plan, stage).map((need) => levelOf.get(need.stage) ?? -1))
    levelOf.set(stage.id, below + 1)
    highest = Math.max(highest, below + 1)
    levels[below + 1] = [...(levels[below + 1] ?? []), stage]
  }
  return levels
}

function inputLines(plan: Plan, given: JsonObject): string[] {
  const names = Object.keys(plan.inputs)
  if (names.length === 0) return []
  const rows = names.map((name) => {
    const isGiven = Object.hasOwn(given, name)
    const value = isGiven ? given[name] : plan.inputs[name]?.default
    const shown = value === undefined ? 'not given' : shorten(JSON.stringify(value))
    return `  ${name} = ${shown}${!isGiven && value !== undefined ? ' (default)' : ''}`
  })
  return ['', 'inputs', ...rows]
}

function stageLines(stage: StagePlan, plan: Plan): string[] {
  return [
    `  ${stage.id}  ${stage.kind}  ${shorten(summary(stage))}`,
    ...conditionsOf(stage, plan).map((each) => `      ${each}`),
  ]
}

function conditionsOf(stage: StagePlan, plan: Plan): string[] {
  const needs = stage.needs === 'all_above' ? [] : needsOf(plan, stage).map((need) => need.stage)
  return [
    needs.length > 0 ? `after ${needs.join(', ')}` : '',
    stage.join === 'none_failed' ? '' : `join ${stage.join}`,
    stage.if === undefined ? '' : `if ${shorten(stage.if)}`,
    timeoutOf(stage),
    stage.retry && stage.retry.attempts > 1
      ? `at most ${stage.retry.attempts} attempts on ${stage.retry.on.join(', ')}`
      : '',
    stage.onError.do === 'continue' ? 'its failure is tolerated' : '',
    Object.keys(stage.set).length > 0 ? `sets ${Object.keys(stage.set).join(', ')}` : '',
    stage.cache ? `cached for ${formatDuration(stage.cache.ttlMs)}` : '',
  ].filter(Boolean)
}

function timeoutOf({ timeout }: StagePlan): string {
  const total = timeout?.total
  if (total === undefined) return ''
  const isNumber = total.kind === 'literal' && typeof total.value === 'number'
  return `timeout ${isNumber ? formatDuration(total.value as number) : templateText(total)}`
}

/** The configuration on one line; what stands under the kind's own name without that name. */
function summary({ kind, config }: StagePlan): string {
  const fields = fieldsOf(config)
  if (!fields) return templateText(config)
  return fields.map(([key, text]) => (key === kind ? text : `${key}: ${text}`)).join(', ')
}

/** Keys and values of a map, written or literal; undefined for everything else. */
function fieldsOf(template: Template): (readonly [key: string, text: string])[] | undefined {
  if (template.kind === 'map') return template.entries.map(([key, value]) => [key, templateText(value)])
  if (template.kind !== 'literal' || !isJsonObject(template.value)) return undefined
  return Object.entries(template.value).map(([key, value]) => [key, templateText({ kind: 'literal', value })])
}

/** A template as it was written, near enough: expressions in `${{ }}`. */
export function templateText(template: Template): string {
  const fields = fieldsOf(template)
  if (fields) return `{ ${fields.map(([key, text]) => `${key}: ${text}`).join(', ')} }`
  switch (template.kind) {
    case 'expression':
      return `\${{ ${template.source} }}`
    case 'text':
      return template.parts.map((part) => (typeof part === 'string' ? part : `\${{ ${part.source} }}`)).join('')
    case 'list':
      return `[${template.items.map(templateText).join(', ')}]`
    default:
      return template.kind === 'literal' ? literalText(template.value) : ''
  }
}

const literalText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

const shorten = (text: string): string => cutToWidth(safeLine(text), 100)
const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
