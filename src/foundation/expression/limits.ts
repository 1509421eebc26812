/**
 * The bounds of the expression language: no expression can hang or exhaust the process, without a timer per evaluation.
 */

/** Characters (UTF-16 units) of one expression. */
export const maxSourceLength = 65_536
export const maxAstNodes = 2_000
/** Levels of parentheses, calls, accesses and literals. */
export const maxDepth = 64
/** Items of a list that is written out, and entries of a map. */
export const maxLiteralItems = 1_000
export const maxArguments = 32
/** Macros (`filter`, `map`, `all`, …) inside macro bodies. */
export const maxMacroNesting = 2

/** Steps of one evaluation: iterations of macros, and what functions do per item or per stretch of text. */
export const maxSteps = 1_000_000
/** Characters of a text that an expression makes. */
export const maxTextLength = 1_048_576
/** Items of a list that an expression makes. */
export const maxListLength = 100_000
/** Characters of a result as JSON, about. */
export const maxResultWeight = 32 * 1_048_576
/** Characters of a regular expression, and instructions of the program it compiles to. */
export const maxPatternLength = 1_000
export const maxPatternProgram = 5_000
