import { join } from 'node:path';

/**
 * A file of behaviour recorded on AWS. The data are not part of the project: they lie where GROUNDCREW_CONFORMANCE says,
 * or beside the repository. Tests that use them also have cases of their own, for where the folder is absent.
 */
export function conformanceFile(name: string): string {
  const folder = process.env['GROUNDCREW_CONFORMANCE'] ?? join(import.meta.dirname, '../../../shared/conformance');
  return join(folder, name);
}
