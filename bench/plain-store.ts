/**
 * What one would write in an afternoon: an MQTT broker that appends each reading to a file and acknowledges
 * afterwards. It screens nothing, decides nothing, and is what the stack's throughput is held against. Argument: file.
 */
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const file = await open(process.argv[2]!, 'a');
const broker = await Aedes.createBroker({
  authorizePublish: (_client, packet, done) => {
    file.appendFile(`${packet.payload.toString()}\n`).then(
      () => done(null),
      (error: Error) => done(error),
    );
  },
});
const server = createServer(broker.handle);
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as { port: number }).port }));
process.on('disconnect', () => process.exit(0));
