/** Diagnostics about yaml. */
export const yamlDiagnostics = {}
