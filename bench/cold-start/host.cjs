/**
 * The least that hosts a bundle: loads it, calls its handler once with the event given, and ends with the first answer.
 * Arguments: bundle folder, event as JSON. The baseline is hosted the same way.
 */
'use strict';
const { join } = require('node:path');

const [folder, event] = process.argv.slice(2);
const { handler } = require(join(folder, 'index.js'));
handler(JSON.parse(event), { awsRequestId: 'cold', functionName: 'cold' }).then(
  (answer) => process.stdout.write(`\nanswer ${JSON.stringify(answer)}\n`, () => process.exit(0)),
  (error) => {
    process.stderr.write(`${error?.stack ?? error}\n`);
    process.exit(1);
  },
);
