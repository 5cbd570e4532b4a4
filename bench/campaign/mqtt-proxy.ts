/** Stands between devices and the broker, and cuts connections: before the broker hears, or before it is heard. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Armory } from './armory.ts';

export class MqttProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(brokerPort: number, armory: Armory) {
    this.#server = createServer((device) => {
      const broker = connect(brokerPort, '127.0.0.1');
      const cut = (): void => {
        device.destroy();
        broker.destroy();
      };
      for (const socket of [device, broker]) {
        this.#sockets.add(socket);
        socket.on('error', cut);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          cut();
        });
      }
      device.on('data', (bytes) => {
        if (armory.take({ kinds: ['mqtt-cut-before'] })) cut();
        else broker.write(bytes);
      });
      broker.on('data', (bytes) => {
        if (armory.take({ kinds: ['mqtt-cut-after'] })) cut();
        else device.write(bytes);
      });
    });
  }

  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `mqtt://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
