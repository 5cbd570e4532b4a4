/** How words of the console are made from names and numbers. */
export const plural = (count: number, one: string, many: string) =>
  `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;

/** `close-valve` → `close valve`. Names of packs are not in this file; their hyphens are all that is taken off. */
export const words = (name: string) => name.replaceAll('-', ' ');
export const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** `site#x` → `site x`; an asset by its name alone. */
export const placeOf = (scope: string): string =>
  scope.startsWith('asset#') ? scope.slice('asset#'.length) : scope.replace('#', ' ');
