/** Diagnostics about files. */
export const fileDiagnostics = {}
