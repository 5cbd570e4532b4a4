/** Where an object lies: any key of S3 as a path that no file system misreads, and back. */
import { join } from 'node:path';
import { ServiceError } from '../server/service.ts';

const suffix = '.object';
const emptySegment = '%empty';
const maximumKeyBytes = 1024;
const maximumNameBytes = 240;

function encodeSegment(segment: string): string {
  if (segment === '') return emptySegment;
  const encoded = encodeURIComponent(segment);
  return /^\.{1,2}$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}

/** File of a key below `root`. @throws ServiceError `KeyTooLongError`, `InvalidArgument` */
export function objectFile(root: string, key: string): string {
  if (key === '') throw new ServiceError('InvalidArgument', 'The key is empty');
  const segments = key.split('/');
  const encoded = segments.map((segment, at) =>
    at < segments.length - 1 ? folderName(segment) : `${encodeSegment(segment)}${suffix}`,
  );
  if (Buffer.byteLength(key) > maximumKeyBytes || encoded.some((name) => name.length > maximumNameBytes)) {
    throw new ServiceError('KeyTooLongError', 'Your key is too long');
  }
  return join(root, ...encoded);
}

/** A folder may not look like an object's file: the keys `a.object/b` and `a` would meet. */
export function folderName(segment: string): string {
  const encoded = encodeSegment(segment);
  return encoded.endsWith(suffix) ? `${encoded.slice(0, -suffix.length)}%2Eobject` : encoded;
}

/** What an entry of a folder stands for; undefined for temporary files. */
export function segmentOf(name: string, isFolder: boolean): string | undefined {
  if (!isFolder && !name.endsWith(suffix)) return undefined;
  const encoded = isFolder ? name : name.slice(0, -suffix.length);
  return encoded === emptySegment ? '' : decodeURIComponent(encoded);
}
