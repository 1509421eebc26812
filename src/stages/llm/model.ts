/**
 * Finds the chat model a stage names: one that the host registered, or one that LangChain's `initChatModel` makes.
 *
 * LangChain and the provider's package are optional and loaded here, on first use.
 */
import { StageError } from '../../foundation/errors.ts'
import type { StageContext } from '../../foundation/stage-kind.ts'
import { didYouMean } from '../../foundation/suggest.ts'
import type { ChatMessage, LlmConfig } from './messages.ts'
import { providerPackages } from './providers.ts'

/** What is used of a LangChain chat model. */
export interface ChatModel {
  invoke(messages: readonly ChatMessage[], options: CallOptions): Promise<unknown>
  stream(messages: readonly ChatMessage[], options: CallOptions): Promise<AsyncIterable<unknown>>
  /** Absent on models that cannot be asked for structure. */
  bindTools?: unknown
  withStructuredOutput?(schema: object, options: StructuredOptions): Pick<ChatModel, 'invoke'>
}

export interface StructuredOptions {
  readonly name: string
  readonly method: 'functionCalling'
  readonly includeRaw: true
}

export interface CallOptions {
  readonly signal: AbortSignal
}

type Settings = Pick<LlmConfig, 'temperature' | 'max_tokens'>

/** A name under `models:`, a registered name, or `provider:model`; a StageError `validation` when it is none. */
export async function findModel(config: LlmConfig, { models, services }: StageContext): Promise<ChatModel> {
  const named = config.model ?? 'default'
  const reference = Object.hasOwn(models, named) ? (models[named] as string) : named
  const registered = services.models.get(reference) ?? services.models.get(named)
  if (registered !== undefined) return useRegistered(registered, reference, config)
  if (!reference.includes(':')) throw unknownModel(config.model, [...Object.keys(models), ...services.models.keys()])
  return createModel(reference, config)
}

function useRegistered(model: unknown, name: string, { temperature, max_tokens }: Settings): ChatModel {
  if (temperature !== undefined || max_tokens !== undefined) {
    throw wrongModel(`"${name}" is a registered model: give \`temperature\` and \`max_tokens\` where it is made.`)
  }
  const { invoke, stream } = model as Partial<ChatModel>
  if (typeof invoke === 'function' && typeof stream === 'function') return model as ChatModel
  throw wrongModel(`What is registered as the model "${name}" is no LangChain chat model.`)
}

function unknownModel(named: string | undefined, known: readonly string[]): StageError {
  if (named === undefined)
    return wrongModel('No model is named: give the stage a `model`, or the pipeline `models.default`.')
  const hint = didYouMean(named, known) ?? 'Write provider:model, or declare it under `models:`.'
  return wrongModel(`There is no model "${named}". ${hint}`)
}

async function createModel(reference: string, { temperature, max_tokens }: Settings): Promise<ChatModel> {
  const provider = reference.slice(0, reference.indexOf(':'))
  const providerPackage = providerPackages.get(provider)
  if (!providerPackage) {
    const hint = didYouMean(provider, providerPackages.keys()) ?? `Known: ${[...providerPackages.keys()].join(', ')}.`
    throw wrongModel(`There is no provider "${provider}" (in "${reference}"). ${hint}`)
  }
  const { initChatModel } = await load('langchain/chat_models/universal', 'langchain')
  await load(providerPackage, providerPackage)
  try {
    return await (initChatModel as InitChatModel)(reference, {
      maxRetries: 0, // retries are the engine's: counted, journaled, and stopped by a cancel
      ...(temperature !== undefined && { temperature }),
      ...(max_tokens !== undefined && { maxTokens: max_tokens }),
    })
  } catch (cause) {
    throw wrongModel(`The model "${reference}" cannot be used: ${messageOf(cause)}`, 'model_not_ready', cause)
  }
}

type InitChatModel = (model: string, settings: object) => Promise<ChatModel>

/** An optional package; a StageError that says what to install when it is not there. */
async function load(specifier: string, name: string): Promise<Record<string, unknown>> {
  try {
    return (await import(specifier)) as Record<string, unknown>
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
    const why = missing ? `is not installed. Run: npm install ${name}` : `cannot be loaded: ${messageOf(cause)}`
    throw wrongModel(`An \`llm\` stage needs the package "${name}", which ${why}`, 'missing_package', cause)
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const wrongModel = (message: string, code = 'unknown_model', cause?: unknown): StageError =>
  new StageError(message, { category: 'validation', code, cause, retryable: false })
