/** Random documents: most of them nearly valid, so that they get far. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from '../../src/compiler/phases/1-parse.ts'
import type { Json, JsonObject } from '../../src/foundation/json.ts'
import { createSource } from '../../src/foundation/source.ts'
import { builtinKinds } from '../../src/stages/index.ts'
import { randomPipeline } from './pipelines.ts'
import { pick, type Random } from './random.ts'
import { editText, swell } from './text-edits.ts'
import { editTree, largeTree, partsOf } from './tree-edits.ts'
import { writeYaml } from './write-yaml.ts'

/** A document with the folder that its relative paths start at. */
export interface RandomDocument {
  readonly text: string
  readonly folder: string
  /** The same document written otherwise. */
  readonly twin?: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = documentsIn(join(root, 'examples'))
const broken = documentsIn(join(root, 'test/broken/cases'))

/** What can be read as a pipeline, more or less; the examples weigh as much as all others. */
const often = broken.flatMap((_, index) => examples[index % examples.length] ?? [])
const trees = [...often, ...broken].flatMap((document) => {
  const { parsed } = parse(createSource('x', document.text), builtinKinds)
  return parsed ? [{ tree: parsed.data as JsonObject, folder: document.folder }] : []
})
const parts = partsOf(trees.map(({ tree }) => tree))

function documentsIn(folder: string): readonly RandomDocument[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
  return files.map((name) => ({ text: readFileSync(join(folder, name), 'utf8'), folder }))
}

export function randomDocument(random: Random): RandomDocument {
  const document = smallDocument(random)
  return random() < 0.01 ? { text: swell(random, document.text), folder: document.folder } : document
}

function smallDocument(random: Random): RandomDocument {
  const way = random()
  if (way < 0.35) {
    const { text, folder } = pick(random, random() < 0.6 ? examples : broken)
    return { text: editText(random, text), folder }
  }
  if (way < 0.65) {
    const { tree, folder } = pick(random, trees)
    return written(random, editTree(random, tree, parts), folder)
  }
  const folder = join(root, 'examples')
  if (way < 0.7) return written(random, largeTree(random), folder)
  return written(random, randomPipeline(random), folder)
}

/** As YAML, one in ten with a slip of the pen, one in ten with a twin. */
function written(random: Random, tree: Json, folder: string): RandomDocument {
  const text = writeYaml(random, tree)
  const way = random()
  if (way < 0.1) return { text: editText(random, text), folder }
  return way < 0.2 ? { text, folder, twin: writeYaml(random, tree) } : { text, folder }
}
