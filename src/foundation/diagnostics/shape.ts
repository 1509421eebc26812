/** Diagnostics about shape. */
export const shapeDiagnostics = {}
