/** The part of CloudWatch Logs' filter patterns that is understood; any other is refused rather than guessed. */
import { ServiceError } from '../server/service.ts';

/**
 * - empty: every event
 * - `word "two words" -without`: every term in the message, in any order; `-` excludes
 * - `{ $.a.b = "text" }`: a member of a JSON message equals a text (`*` matches anything) or number; `!=` too
 *
 * @throws ServiceError `InvalidParameterException`
 */
export function logFilter(pattern: string): (message: string) => boolean {
  const trimmed = pattern.trim();
  if (trimmed === '') return () => true;
  if (trimmed.startsWith('{')) return jsonFilter(trimmed);
  const terms = trimmed.match(/-?(?:"(?:[^"\\]|\\.)*"|\S+)/g) ?? [];
  const parsed = terms.map((term) => {
    const excludes = term.startsWith('-');
    const text = excludes ? term.slice(1) : term;
    if (/^[?[%]/.test(text)) throw refused(pattern);
    return { excludes, text: text.startsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, '$1') : text };
  });
  return (message) => parsed.every(({ excludes, text }) => message.includes(text) !== excludes);
}

function jsonFilter(pattern: string): (message: string) => boolean {
  const match = /^\{\s*\$\.([\w.-]+)\s*(=|!=)\s*(?:"([^"]*)"|(-?\d+(?:\.\d+)?)|([\w*-]+))\s*\}$/.exec(pattern);
  if (match === null) throw refused(pattern);
  const [, path, operator, quoted, number, word] = match;
  const wanted = quoted ?? word;
  const expression =
    wanted === undefined ? undefined : new RegExp(`^${wanted.split('*').map(escapeText).join('.*')}$`, 's');
  return (message) => {
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch {
      return false;
    }
    for (const part of path!.split('.')) {
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined;
    }
    if (value === undefined) return false;
    const equal = expression === undefined ? value === Number(number) : expression.test(String(value));
    return equal === (operator === '=');
  };
}

const escapeText = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

function refused(pattern: string): ServiceError {
  return new ServiceError(
    'InvalidParameterException',
    `Filter pattern ${pattern} is not understood on one machine: use words, "phrases", -exclusions or { $.member = "text" }`,
  );
}
