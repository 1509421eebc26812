/** Diagnostics about schemas. */
export const schemaDiagnostics = {}
