/** Persons of a deployment, as its commands see them. */
import { nameOfSubject, type Subjects } from '../../../lib/adapters/aws/subject-store.ts';
import type { CommandContext } from './context.ts';

export const subjectsOf = (context: CommandContext): Subjects => ({
  client: context.dynamodb(),
  table: context.names.table('subjects'),
  kms: context.kms(),
  keyId: context.names.subjectKeyAlias,
});

/** How a person is shown: their name where it can be read, the pseudonym where it was erased or is nobody's business. */
export async function shownName(context: CommandContext, by: string): Promise<string> {
  try {
    return (await nameOfSubject(subjectsOf(context), by)) ?? by;
  } catch {
    return by;
  }
}

/** Many texts: each person is looked up once. */
export async function namedTexts(context: CommandContext, texts: readonly string[]): Promise<string[]> {
  const seams = '\u0000';
  return (await withNames(context, texts.join(seams))).split(seams);
}

/** A text in which persons stand by their pseudonyms, with their names where they can be read. */
export async function withNames(context: CommandContext, text: string): Promise<string> {
  let named = text;
  for (const subject of new Set(text.match(/\bperson-[0-9a-f]{16}\b/g)))
    named = named.replaceAll(subject, await shownName(context, subject));
  return named;
}
