/** `groundcrew device`: the certificate with which a gateway proves on one machine which asset it is. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { assetId } from '../../lib/contracts/common.ts';
import { CertificateAuthority } from '../../local/iot/certificates.ts';
import { certificatesFolder } from '../../local/runtime.ts';
import { defaultDataDir } from './support/context.ts';
import { CommandFailure } from './support/failure.ts';
import { printJson, printLine } from './support/print.ts';

interface DeviceOptions {
  readonly data: string;
  readonly out: string;
  readonly json?: boolean;
}

export function registerDevice(program: Command): void {
  program
    .command('device <asset>')
    .description('write the certificate of an asset’s gateway, for "start --serve --mqtts"; the same one every time')
    .requiredOption('--out <dir>', 'folder for ca.pem, ASSET.cert.pem and ASSET.key.pem')
    .option('--data <dir>', 'folder of the runtime on this machine', defaultDataDir)
    .option('--json', 'the paths as one JSON document')
    .action(async (asset: string, options: DeviceOptions) => {
      if (!assetId.safeParse(asset).success) {
        throw new CommandFailure(`${asset} is not an asset id: lower-case letters, digits and hyphens, at most 64.`, 2);
      }
      const nowMs = Date.now();
      const authority = await CertificateAuthority.open(join(resolve(options.data), certificatesFolder), nowMs);
      const device = await authority.device(asset, nowMs);
      mkdirSync(options.out, { recursive: true, mode: 0o700 });
      const paths = {
        ca: join(options.out, 'ca.pem'),
        certificate: join(options.out, `${asset}.cert.pem`),
        key: join(options.out, `${asset}.key.pem`),
      };
      writeFileSync(paths.ca, authority.certificate);
      writeFileSync(paths.certificate, device.certificate);
      writeFileSync(paths.key, device.privateKey, { mode: 0o600 });
      if (options.json === true) printJson(paths);
      else
        printLine(
          `${asset}: ${Object.values(paths).join(', ')}. The key is the device; keep it there and nowhere else.`,
        );
    });
}
