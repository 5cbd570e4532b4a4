/**
 * Where text stops being JSON: the index of the first character that cannot stand there (its length where the text ends
 * too early), or undefined where it is JSON. JavaScript's own parser does not always say.
 */
export function jsonErrorPosition(text: string): number | undefined {
  const tokens =
    /[\t\n\r ]*(?:("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([[\]{},:]))/y;
  const open: ('[' | '{')[] = [];
  // What may come next: a value, a value or the end of a list, a key, a key or the end of an object, …
  let expected: 'value' | 'value]' | 'key' | 'key}' | ':' | ',' = 'value';
  let done = false;
  for (;;) {
    const start = tokens.lastIndex;
    const match = tokens.exec(text);
    if (match === null) {
      const rest = start + (/^[\t\n\r ]*/.exec(text.slice(start))?.[0].length ?? 0);
      return done && rest === text.length ? undefined : rest;
    }
    const [whole, string, number, word, sign] = match;
    const at = start + whole.search(/[^\t\n\r ]/);
    const scalar = string ?? number ?? word;
    if (done) return at;
    if (scalar !== undefined) {
      if ((expected === 'key' || expected === 'key}') && string !== undefined) {
        expected = ':';
        continue;
      }
      if (expected !== 'value' && expected !== 'value]') return at;
      expected = ',';
    } else if (sign === '[' || sign === '{') {
      if (expected !== 'value' && expected !== 'value]') return at;
      open.push(sign);
      expected = sign === '[' ? 'value]' : 'key}';
      continue;
    } else if (sign === ':') {
      if (expected !== ':') return at;
      expected = 'value';
      continue;
    } else if (sign === ',') {
      if (expected !== ',' || open.length === 0) return at;
      expected = open.at(-1) === '[' ? 'value' : 'key';
      continue;
    } else {
      const closes = sign === ']' ? '[' : '{';
      const empty = sign === ']' ? 'value]' : 'key}';
      if (open.at(-1) !== closes || (expected !== ',' && expected !== empty)) return at;
      open.pop();
      expected = ',';
    }
    done = open.length === 0;
  }
}
