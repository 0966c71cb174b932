/**
 * Documentation from a schema, so that docs/ shows the options that are checked.
 */
import type { AnySchema, Field } from './field.ts';

/**
 * Renders a schema as a Markdown table: option, type, default, unit, meaning.
 * Nested options follow their object as `connOpts.connectTimeout`.
 *
 * @example
 * const defineSchema = schemaDefiner((problem) => new RangeError(optionMessage(problem)));
 * const schema = defineSchema('pool options', { size: integer({ min: 1, doc: 'The cap.' }) });
 * console.log(renderOptions(schema)); // | `size` | integer | | | The cap. |
 */
export function renderOptions(schema: AnySchema): string {
  const head = ['Option', 'Type', 'Default', 'Unit', 'Meaning'];
  const lines = [head, head.map(() => '---'), ...rows(schema, '')];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function rows(schema: AnySchema, path: string): string[][] {
  return Object.entries(schema.fields).flatMap(([name, field]) => {
    const row = [
      `\`${path}${name}\``,
      cell(field.type),
      cell(defaultOf(field)),
      field.unit ?? '',
      cell(field.doc),
    ];
    return field.inner === undefined ? [row] : [row, ...rows(field.inner, `${path}${name}.`)];
  });
}

function defaultOf(field: Field<unknown, unknown>): string {
  if (field.required) return 'required';
  if (field.fallbackText !== undefined) return field.fallbackText;
  if (field.inner !== undefined || field.fallback === undefined) return '';
  return `\`${literal(field.fallback)}\``;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item)).join(', ')}]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** Escapes `|`, which would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
