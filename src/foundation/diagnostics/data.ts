/** Diagnostics about data. */
export const dataDiagnostics = {}
