/**
 * Names, fields and indexes: does what is read exist, and what type has it?
 */

import type { Json } from '../json.ts'
import { skipReasons } from '../outcome.ts'
import type { JsonSchema } from '../plan.ts'
import { anyBodyFields, type BodyField, bodyFieldKinds, failureSchema, isBodyField } from './body-types.ts'
import { type CheckContext, constantValue, describeType, fault, findLocal, nameSpan, operand } from './check-context.ts'
import type { ASTNode, NodeOf } from './parse.ts'
import { fieldOf, itemOf, memberOf } from './schema-fields.ts'
import { nullable, optionalOf, type StageRead, type Type, typeOf, unknownType } from './schema-types.ts'
import { Kind } from './values.ts'

export type AccessNode = NodeOf<'.'> | NodeOf<'.?'> | NodeOf<'[]'> | NodeOf<'[?]'>

interface Span {
  readonly start: number
  readonly end: number
}

/** A name on its own. Of `vars`, `inputs` and their like every member counts as read. */
export function checkName(node: NodeOf<'id'>, context: CheckContext): Type {
  const name = node.args
  const local = findLocal(context, name)
  if (local) return local.type
  if (isRoot(name)) context.reads.whole.add(name)
  return rootType(name, node, context)
}

const roots = ['vars', 'inputs', 'env', 'secrets'] as const
type Root = (typeof roots)[number]
const isMemberRoot = (name: string): name is Root => (roots as readonly string[]).includes(name)
const isRoot = (name: string): boolean => name === 'stages' || isMemberRoot(name)

function rootType(name: string, at: Span, context: CheckContext): Type {
  const { names, elsewhere } = context.scope
  const schema = Object.hasOwn(names, name) ? names[name] : undefined
  if (schema !== undefined) return whereMaybeNull(name, typeOf(schema, schema), at, context)
  const reason = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined
  if (reason !== undefined)
    return fault(context, 'wrong_scope', at, `"${name}" cannot be read here: ${reason}.`, { name })
  if (name === 'stages') return unknownType
  const candidates = [...localNames(context), ...Object.keys(names), 'stages']
  return fault(context, 'unknown_name', at, `There is nothing called "${name}" here.`, { name, candidates })
}

function whereMaybeNull(name: string, type: Type, { start, end }: Span, { scope }: CheckContext): Type {
  const id = scope.maybeNull && Object.hasOwn(scope.maybeNull, name) ? scope.maybeNull[name] : undefined
  if (id === undefined) return type
  return { ...nullable(type), absent: { id, field: undefined, optional: false, start, end } }
}

function localNames(context: CheckContext): string[] {
  const names: string[] = []
  for (let local = context.local; local; local = local.outer) names.push(local.name)
  return names
}

/** `a.b`, `a.?b`, `a[0]`, `a["b"]`, `a[?0]`. */
export function checkAccess(node: AccessNode, context: CheckContext): Type {
  const key = keyOf(node, context)
  const base = baseType(node, key, context)
  const optional = node.op === '.?' || node.op === '[?]'
  if (base.absent && optional) base.absent.optional = true
  if (base.absent && !optional) return maybeAbsent(node, base.absent, context)
  const found = base.stage ? stageField(base.stage, node, key, optional, context) : memberType(base, node, key, context)
  return optional || base.optional ? optionalOf(found) : found
}

export function maybeAbsent(at: Span, read: StageRead, context: CheckContext): Type {
  const message = `The output of "${read.id}" may be missing here, because that stage can be skipped or fail tolerated.`
  const hint = `Read its fields with .? and give a default: coalesce(stages.${read.id}.output.?field, …).`
  return fault(context, 'maybe_absent_output', at, message, { name: read.id, hint })
}

interface Key {
  /** Known when it is written out. */
  readonly value: Json | undefined
  readonly span: Span
  /** What it can be. */
  readonly kinds: number
}

function keyOf(node: AccessNode, context: CheckContext): Key {
  if (node.op === '.' || node.op === '.?') {
    return { value: node.args[1], span: nameSpan(node, node.args[1], context), kinds: Kind.text }
  }
  const [, index] = node.args
  return { value: constantValue(index), span: index, kinds: operand(index, context).kinds }
}

/** The type of what stands before the access; notes what is read. */
function baseType(node: AccessNode, key: Key, context: CheckContext): Type {
  const [base] = node.args
  if (base.op !== 'id' || typeof key.value !== 'string' || findLocal(context, base.args)) {
    return context.check(base, context)
  }
  const name = base.args
  const { start, end } = key.span
  if (name === 'stages' && !Object.hasOwn(context.scope.names, name) && !Object.hasOwn(context.scope.elsewhere, name)) {
    return { ...unknownType, stage: { output: true, maybeAbsent: false, read: stagesMarker } }
  }
  if (isMemberRoot(name)) context.reads[name].push({ name: key.value, start, end })
  return rootType(name, base, context)
}

/** Stands for `stages` itself, before it is known which stage is read. */
const stagesMarker: StageRead = Object.freeze({ id: '', field: undefined, optional: false, start: 0, end: 0 })

function stageField(
  stage: NonNullable<Type['stage']>,
  node: AccessNode,
  key: Key,
  optional: boolean,
  context: CheckContext,
): Type {
  if (stage.read === stagesMarker) return stageType(key, context)
  const { read, output } = stage
  if (typeof key.value !== 'string') return unknownType
  read.field = key.value
  if (optional) read.optional = true
  if (key.value === 'output') {
    const type = typeOf(output, output)
    return stage.maybeAbsent ? { ...nullable(type), absent: read } : type
  }
  return isBodyField(key.value)
    ? bodyField(stage, node, key.value, key.span, context)
    : memberType(stageRecord, node, key, context)
}

function bodyField(
  stage: NonNullable<Type['stage']>,
  node: AccessNode,
  name: BodyField,
  span: Span,
  context: CheckContext,
): Type {
  const schema = stage.fields?.[name]
  if (schema !== undefined) {
    context.optionalFields.add(node) // of a stage that was skipped, nothing of it is there
    return typeOf(schema, schema)
  }
  const kind = bodyFieldKinds[name]
  return fault(context, 'unknown_field', span, `There is no field "${name}": only a ${kind} has it.`, {
    name,
    candidates: [...Object.keys(stageRecordSchema.properties as object), ...Object.keys(stage.fields ?? {})],
  })
}

function stageType(key: Key, context: CheckContext): Type {
  const id = key.value as string
  const { start, end } = key.span
  const found = context.scope.stage(id)
  const read: StageRead = { id, field: undefined, optional: false, start, end }
  context.reads.stages.push(read)
  if (found === undefined) {
    const candidates = [...context.scope.stageNames()]
    return fault(context, 'unknown_stage', key.span, `There is no stage "${id}" here.`, { name: id, candidates })
  }
  if (found !== 'not_upstream') return { ...unknownType, stage: { ...found, read } }
  const message = `The stage "${id}" does not come before this one, so it cannot be read here.`
  fault(context, 'stage_not_upstream', key.span, message, { name: id, hint: `Add ${id} to needs.` })
  return { ...unknownType, stage: { output: true, maybeAbsent: false, fields: anyBodyFields, read } }
}

/** What `stages.<id>` has besides `output`. */
const stageRecordSchema: Exclude<JsonSchema, true> = {
  type: 'object',
  properties: {
    output: true,
    status: { enum: ['succeeded', 'failed', 'skipped', 'cancelled'] },
    reason: { enum: [...skipReasons, null] },
    error: { anyOf: [failureSchema, { type: 'null' }] },
    attempts: { type: 'integer' },
    tolerated: { type: 'boolean' },
  },
  required: ['output', 'status', 'reason', 'error', 'attempts', 'tolerated'],
  additionalProperties: false,
}
const stageRecord: Type = typeOf(stageRecordSchema, stageRecordSchema)

function memberType(base: Type, node: AccessNode, key: Key, context: CheckContext): Type {
  const wanted = (key.kinds & Kind.text ? Kind.map : 0) | (key.kinds & Kind.number ? Kind.list : 0)
  if (wanted === 0) return fault(context, 'expression_type', key.span, 'Lists are read by number, maps by text.')
  if ((base.kinds & wanted) === 0) return noMember(base, node, key, context)
  if (typeof key.value === 'string') return fieldType(base, node, key.value, key.span, context)
  if ((key.kinds & Kind.text) === 0 || (base.kinds & Kind.map) === 0) return indexType(base, key, context)
  return (base.kinds & Kind.list) === 0 ? memberOf(base) : unknownType
}

function indexType(base: Type, key: Key, context: CheckContext): Type {
  if (typeof key.value !== 'number' || (Number.isInteger(key.value) && key.value >= 0)) return itemOf(base)
  return fault(context, 'expression_type', key.span, 'Items of a list are counted from 0, in whole numbers.')
}

function noMember(base: Type, node: AccessNode, key: Key, context: CheckContext): Type {
  const what = typeof key.value === 'string' ? `field "${key.value}"` : 'items to read'
  const at = node.op === '.' || node.op === '.?' ? key.span : node
  const hint = base.kinds === Kind.list ? { hint: 'Take one item first, as in list[0], or use map(x, x.field).' } : {}
  return fault(context, 'expression_type', at, `There is no ${what}: this is ${describeType(base)}.`, hint)
}

function fieldType(base: Type, node: AccessNode, name: string, span: Span, context: CheckContext): Type {
  const field = fieldOf(base, name)
  if (field.is === 'open') return unknownType
  if (field.is === 'closed') return unknownField(node, name, span, field.names, context)
  if (field.optional) context.optionalFields.add(node)
  return field.type
}

function unknownField(
  node: ASTNode,
  name: string,
  span: Span,
  candidates: readonly string[],
  context: CheckContext,
): Type {
  const path = context.source.slice(node.start, node.end)
  const reason = Object.hasOwn(context.scope.elsewhere, path) ? context.scope.elsewhere[path] : undefined
  if (reason !== undefined) {
    return fault(context, 'wrong_scope', span, `"${path}" cannot be read here: ${reason}.`, { name: path })
  }
  return fault(context, 'unknown_field', span, `There is no field "${name}".`, { name, candidates })
}
