/** Diagnostics about expressions. */
export const expressionDiagnostics = {}
