export { escapeHtml, escapeJs, queryEscape } from './builtins.ts';
export type { MissingKey } from './compile.ts';
export { TemplateError } from './errors.ts';
export { type GoFunction, type GoFunctions, type ParameterType, typed } from './functions.ts';
export { quote, sprint, sprintf } from './printf.ts';
export { type ExecuteOptions, GoTemplate, parseTemplate, type TemplateOptions } from './template.ts';
export {
  compareStrings,
  formatFloat,
  formatValue,
  goInteger,
  goType,
  isTrue,
  SafeHtml,
  typeName,
} from './values.ts';
