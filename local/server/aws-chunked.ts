/** The body format `aws-chunked` in which SDK clients stream an upload of unknown checksum. */
import { ServiceError } from './service.ts';

/** `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n … 0\r\n<trailer: value>\r\n\r\n` */
export function decodeAwsChunked(encoded: Buffer): { body: Buffer; trailers: Map<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = encoded.indexOf('\r\n', at);
    const size = /^([\da-fA-F]{1,8})(;.*)?$/.exec(encoded.toString('latin1', at, Math.max(at, end)));
    if (end < 0 || size === null) throw new ServiceError('IncompleteBody', 'the body is not aws-chunked');
    const bytes = Number.parseInt(size[1]!, 16);
    at = end + 2;
    if (bytes === 0) break;
    if (at + bytes + 2 > encoded.length)
      throw new ServiceError('IncompleteBody', 'the last chunk of the body is cut off');
    chunks.push(encoded.subarray(at, at + bytes));
    at += bytes + 2;
  }
  const trailers = new Map<string, string>();
  for (const line of encoded.toString('latin1', at).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) trailers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return { body: Buffer.concat(chunks), trailers };
}
