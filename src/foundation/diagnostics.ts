/**
 * The catalogue of diagnostics, whole: every code with its words, from the files beside it.
 *
 *   report(diagnostics.unknown_stage(span, 'rewiew', 'review'))
 */
import { bodyDiagnostics } from './diagnostics/bodies.ts'
import { dataDiagnostics } from './diagnostics/data.ts'
import { makers } from './diagnostics/define.ts'
import { expressionDiagnostics } from './diagnostics/expressions.ts'
import { failureDiagnostics } from './diagnostics/failures.ts'
import { fileDiagnostics } from './diagnostics/files.ts'
import { orderDiagnostics } from './diagnostics/order.ts'
import { schemaDiagnostics } from './diagnostics/schemas.ts'
import { shapeDiagnostics } from './diagnostics/shape.ts'
import { waitDiagnostics } from './diagnostics/waits.ts'
import { yamlDiagnostics } from './diagnostics/yaml.ts'

export const catalogue = {
  ...yamlDiagnostics,
  ...shapeDiagnostics,
  ...schemaDiagnostics,
  ...fileDiagnostics,
  ...orderDiagnostics,
  ...bodyDiagnostics,
  ...expressionDiagnostics,
  ...dataDiagnostics,
  ...waitDiagnostics,
  ...failureDiagnostics,
}

export type DiagnosticCode = keyof typeof catalogue

export const diagnostics = makers(catalogue)
