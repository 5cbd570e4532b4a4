// Where jest has no times of an earlier run, as on a clean clone, it begins with the largest files. These are small and
// take longest, because they start processes that compute: begun late, one core would wait for them in the end.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Sequencer from '@jest/test-sequencer';

const root = join(import.meta.dirname, '../..');
const longest = [
  'test/bin/commands/train.test.ts',
  'test/bin/commands/pack.test.ts',
  'test/adapters/aws/incident.test.ts',
].map((file) => join(root, file));
for (const file of longest)
  if (!existsSync(file)) throw new Error(`${file} is not there: say in test/support/sequencer.mjs where it has gone.`);

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const given = super.sort(tests);
    return [true, false].flatMap((first) => given.filter(({ path }) => longest.includes(path) === first));
  }
}
