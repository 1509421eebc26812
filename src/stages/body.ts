/** What the stage kinds with stages inside share. They only describe themselves: the engine goes through their stages. */
import { z } from 'zod'
import { type BodyShape, defineStage, type StageKind } from '../foundation/stage-kind.ts'

type Described = Pick<StageKind, 'docs' | 'beside' | 'slots'> & BodyShape

/** The lists themselves are checked stage by stage, so any value will do for them here. */
const anyList = z.unknown().refine((found) => found !== undefined)

export const defineBody = ({ kind, lists, schema, ...described }: Described): StageKind =>
  defineStage<unknown>({
    name: kind,
    ...described,
    schema: schema(anyList),
    body: { kind, lists, schema },
    inheritsRetry: false,
    run() {
      throw new Error(`a ${kind} is gone through by the engine`)
    },
  })

/** Where only what is written out may stand. */
export const fixed = (why: string) => ({ is: 'literal', why }) as const

export const resultText =
  'The value of the body, computed from the stages in it; without it, the output of the last stage in it.'
