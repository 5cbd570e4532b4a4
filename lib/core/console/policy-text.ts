/** Policies of a file, one by one, as people read them. */

/**
 * Each policy with its `@id` and the comment above it. What stands above an empty line, as the head of a file does, belongs
 * to none.
 * @example policiesIn('// Why.\n@id("a")\npermit (…);') // [{ id: 'a', text: '// Why.\n@id("a")\npermit (…);' }]
 */
export function policiesIn(text: string): { readonly id: string; readonly text: string }[] {
  const found: { id: string; text: string }[] = [];
  let lines: string[] = [];
  let id: string | undefined;
  const end = (): void => {
    if (id !== undefined) found.push({ id, text: lines.join('\n').trim() });
    id = undefined;
    lines = [];
  };
  for (const line of text.split('\n')) {
    const named = /^@id\("([^"]+)"\)/.exec(line);
    // A comment in the first column begins what follows it.
    const isAbove = line.startsWith('//') || line.startsWith('@');
    if (id !== undefined && isAbove && lines.some((each) => each.trimEnd().endsWith(';'))) end();
    if (named) id = named[1];
    if (id === undefined && line.trim() === '') lines = [];
    lines.push(line);
  }
  end();
  return found;
}
