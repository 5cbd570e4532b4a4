/** `groundcrew user`: who may sign in to the console. */
import type { Command } from 'commander';
import { forgetBrowsers } from '../../lib/adapters/aws/browser-store.ts';
import { knownSubject } from '../../lib/adapters/aws/subject-store.ts';
import { type Group, groups as groupNames, type User, username } from '../../lib/contracts/api.ts';
import { conflictOf } from '../../lib/core/console/roles.ts';
import { ConflictError, NotFoundError } from '../../lib/core/errors.ts';
import { type CommandContext, type ContextOptions, openContext, withContextOptions } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { operationsTable } from './support/operations.ts';
import { openPeople, type People } from './support/people.ts';
import { printJson, printLine } from './support/print.ts';
import { subjectsOf } from './support/subjects.ts';

interface UserOptions extends ContextOptions {
  readonly json?: boolean;
}
interface AddOptions extends UserOptions {
  readonly group: string[];
  readonly email?: string;
}

const known = `${groupNames.slice(0, -1).join(', ')} or ${groupNames.at(-1)}`;

export function registerUser(program: Command): void {
  const user = program.command('user').description('people who may sign in to the console');
  const sub = (usage: string, description: string): Command =>
    withContextOptions(user.command(usage).description(description)).option('--json', 'one JSON document');

  sub('add <name>', 'add somebody and print a temporary password, once')
    .requiredOption('--group <group...>', `what they may do: ${known}`)
    .option('--email <address>', 'where to reach them')
    .action(async (name: string, { group, email, ...options }: AddOptions) => {
      const groups = groupsOf(group);
      const username = nameOf(name);
      const { temporaryPassword } = await asked(options, (people) => people.add(username, groups, email));
      tellPassword(options, username, temporaryPassword);
    });
  sub('list', 'people and what they may do').action(async (options: UserOptions) => {
    const users = await asked(options, (people) => people.everybody());
    if (options.json === true) return printJson(users);
    for (const each of users) printLine(lineOf(each));
  });
  sub('disable <name>', 'let somebody in no more; who is signed in is out within a minute').action(
    (name: string, options: UserOptions) => change(name, options, { disabled: true }),
  );
  sub('enable <name>', 'let somebody in again').action((name: string, options: UserOptions) =>
    change(name, options, { disabled: false }),
  );
  sub('group <name> <group...>', `set what somebody may do: ${known}`).action(
    (name: string, group: string[], options: UserOptions) => change(name, options, { groups: groupsOf(group) }),
  );
  sub('password <name>', 'print a new temporary password for somebody who is locked out').action(
    async (name: string, options: UserOptions) => {
      const username = nameOf(name);
      tellPassword(options, username, await asked(options, (people) => people.renewPassword(username)));
    },
  );
}

/** Who is shut out gets no more messages in their browsers. */
async function endMessages(context: CommandContext, username: string): Promise<void> {
  const subject = await knownSubject(subjectsOf(context), username);
  if (subject !== undefined) await forgetBrowsers(operationsTable(context), { subject });
}

async function change(name: string, options: UserOptions, what: { groups?: Group[]; disabled?: boolean }) {
  const username = nameOf(name);
  const changed = await asked(options, (people) => people.change(username, what));
  if (what.disabled === true) await endMessages(openContext(options), username);
  if (options.json === true) printJson(changed);
  else printLine(lineOf(changed));
}

/** @throws CommandFailure for what a person can mend */
async function asked<T>(options: UserOptions, work: (people: People) => Promise<T>): Promise<T> {
  const people = await openPeople(openContext(options));
  try {
    return await work(people);
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof ConflictError)
      throw new CommandFailure(error.message, 1, { cause: error });
    throw error;
  }
}

function tellPassword(options: UserOptions, username: string, temporaryPassword: string): void {
  if (options.json === true) printJson({ username, temporaryPassword });
  else
    printLine(
      `${username} signs in once with ${temporaryPassword} and then chooses a password. It is not shown again.`,
    );
}

const lineOf = (user: User): string =>
  `${user.username.padEnd(24)} ${(user.groups.join(', ') || 'no group').padEnd(24)} ${user.disabled ? 'disabled' : stateOf(user)}`;
const stateOf = ({ status }: User): string => (status === 'FORCE_CHANGE_PASSWORD' ? 'has not signed in yet' : 'active');

function nameOf(text: string): string {
  const parsed = username.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new CommandFailure(`${text} is not a user name: ${parsed.error.issues[0]!.message}.`, 2);
}

function groupsOf(texts: readonly string[]): Group[] {
  const groups = texts.map((text) => {
    const found = groupNames.find((group) => group === text);
    if (found === undefined) throw new CommandFailure(`There is no group ${text}: it may be ${known}.`, 2);
    return found;
  });
  const conflict = conflictOf(groups);
  if (conflict !== undefined) throw new CommandFailure(`These groups do not go together: ${conflict}.`, 2);
  return [...new Set(groups)];
}
