/** The keywords of JSON Schema 2020-12 that may stand beside a variable's own keys. */
export const schemaKeywords: ReadonlySet<string> = new Set(
  `$ref $defs $comment allOf anyOf oneOf not if then else const enum title description examples deprecated readOnly
   writeOnly format minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern items
   prefixItems contains minContains maxContains minItems maxItems uniqueItems properties required additionalProperties
   patternProperties propertyNames minProperties maxProperties dependentRequired dependentSchemas unevaluatedItems
   unevaluatedProperties contentEncoding contentMediaType`.split(/\s+/),
)
