/** What a person fills in beside an order, read as the pack's schema says. The server checks it again. */
import type { CaseOption, Parameter } from '../api/types.ts';
import { t } from '../strings.ts';

/** Fields as they stand in the form; an empty one is not given. */
export type Draft = Readonly<Record<string, string>>;
type Schema = NonNullable<CaseOption['parameters']>;
type Value = string | number | boolean;

/** What the form begins with: what was proposed, else the pack's own default. */
export function draftOf(option: CaseOption | undefined): Draft {
  return Object.fromEntries(
    Object.entries(option?.parameters?.properties ?? {}).flatMap(([name, { default: usual }]) => {
      const value = option?.proposed?.[name] ?? usual;
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}

/** The parameters, or the first field that is wrong and what would be taken. */
export function readDraft(
  schema: Schema | undefined,
  draft: Draft,
): { readonly parameters: Record<string, Value>; readonly problem?: { readonly name: string; readonly text: string } } {
  const parameters: Record<string, Value> = {};
  for (const [name, parameter] of Object.entries(schema?.properties ?? {})) {
    const text = (draft[name] ?? '').trim();
    if (text === '' && !schema?.required?.includes(name)) continue;
    const value = typedValue(parameter, text);
    if (value === undefined) {
      const title = parameter.title ?? t.action(name);
      return { parameters, problem: { name, text: t.parameter.wrong(title, t.parameter.allowed(parameter)) } };
    }
    parameters[name] = value;
  }
  return { parameters };
}

function typedValue(parameter: Parameter, text: string): Value | undefined {
  if (parameter.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (parameter.type === 'string') {
    const fits = text !== '' && text.length <= (parameter.maxLength ?? 256) && (parameter.enum?.includes(text) ?? true);
    return fits ? text : undefined;
  }
  // A comma is what many keyboards give.
  const value = text === '' ? Number.NaN : Number(text.replace(',', '.'));
  const fits =
    Number.isFinite(value) &&
    (parameter.type === 'number' || Number.isInteger(value)) &&
    value >= (parameter.minimum ?? Number.NEGATIVE_INFINITY) &&
    value <= (parameter.maximum ?? Number.POSITIVE_INFINITY);
  return fits ? value : undefined;
}
