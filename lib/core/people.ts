/** Whether two names are one person: what asks for two people must not be passed by a capital letter or a space. */
export const samePerson = (a: string, b: string): boolean => folded(a) === folded(b);

const folded = (name: string): string => name.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase();
