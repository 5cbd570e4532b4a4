/** A case by the start of its id, as people type it. */
import { scanCases } from '../../../lib/adapters/aws/case-finder.ts';
import { getCase } from '../../../lib/adapters/aws/case-store.ts';
import type { CaseRecord } from '../../../lib/contracts/case.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure } from './failure.ts';

/** @throws CommandFailure when no case or more than one begins like that */
export async function findCase(context: CommandContext, id: string): Promise<CaseRecord> {
  if (!/^[0-9a-f]{1,64}$/.test(id))
    throw new CommandFailure(`"${id}" is no case id: hexadecimal digits, as "case list" shows them.`, 2);
  const table = { client: context.dynamodb(), table: context.names.table('cases') };
  const found = id.length === 64 ? [await getCase(table, id)] : await scanCases(table, id, 3);
  const [first, second] = found;
  if (!first) throw new CommandFailure(`No case begins with ${id}. "case list --all" shows them all.`);
  if (second) throw new CommandFailure(`More than one case begins with ${id}: give more of its id.`, 2);
  return first;
}
