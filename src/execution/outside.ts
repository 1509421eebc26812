import { AsyncLocalStorageProviderSingleton } from '@langchain/core/singletons'

/** Outside of the graph whose node may have brought this run about: LangGraph would take it for a part of that one. */
export const outside = <T>(work: () => T): T => AsyncLocalStorageProviderSingleton.getInstance().run(undefined, work)
