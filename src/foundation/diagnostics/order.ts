/** Diagnostics about order. */
export const orderDiagnostics = {}
