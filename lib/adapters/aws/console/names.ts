/** Names of persons for those who are logged in: pseudonyms are what is stored. */
import type { NameOf } from '../../../core/console/case-view.ts';
import { nameOfSubject } from '../subject-store.ts';
import type { ConsoleWorld } from './world.ts';

/** Who is erased is nameless here after so long at most. */
const keptMs = 60_000;
const maxKept = 1_000;
const kept = new Map<string, { readonly name: string; readonly untilMs: number }>();

/**
 * How each of these persons is called: the name, or the pseudonym where it was erased or is nobody's. Whoever is not
 * among them keeps the pseudonym.
 */
export async function namesOf(world: ConsoleWorld, persons: Iterable<string | undefined>): Promise<NameOf> {
  const nowMs = world.now();
  const wanted = new Set([...persons].filter((person) => person?.startsWith('person-')) as string[]);
  const names = new Map<string, string>();
  await Promise.all(
    [...wanted].map(async (person) => {
      const known = kept.get(person);
      const name =
        known && known.untilMs > nowMs ? known.name : ((await nameOfSubject(world.subjects, person)) ?? person);
      names.set(person, name);
      if (kept.size >= maxKept) kept.clear();
      if (name !== known?.name || (known?.untilMs ?? 0) <= nowMs) kept.set(person, { name, untilMs: nowMs + keptMs });
    }),
  );
  return (person) => names.get(person) ?? person;
}
