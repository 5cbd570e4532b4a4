/** Reads the cloud assembly: the one stack's template and where its assets lie. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Json } from '../flow/types.ts';
import { AssemblyError } from './errors.ts';

const json: z.ZodType<Json> = z.json() as z.ZodType<Json>;
const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z
        .object({ templateFile: z.string().optional(), file: z.string().optional(), stackName: z.string().optional() })
        .optional(),
    }),
  ),
});
const assetsSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string(), packaging: z.string() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
});
const resourceSchema = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), json).default({}),
  Condition: z.string().optional(),
  DependsOn: json.optional(),
  Metadata: json.optional(),
  DeletionPolicy: json.optional(),
  UpdateReplacePolicy: json.optional(),
});
const parameterSchema = z.object({
  Type: z.string(),
  Default: z.union([z.string(), z.number()]).optional(),
  AllowedValues: z.array(z.union([z.string(), z.number()])).optional(),
  AllowedPattern: z.string().optional(),
});
const templateSchema = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: json.optional(),
  Parameters: z.record(z.string(), parameterSchema).default({}),
  Mappings: z.record(z.string(), json).default({}),
  Conditions: z.record(z.string(), json).default({}),
  Rules: json.optional(),
  Resources: z.record(z.string(), resourceSchema),
  Outputs: z.record(z.string(), z.object({ Value: json, Condition: z.string().optional() })).default({}),
});
export type Template = z.infer<typeof templateSchema>;

export interface Assembly {
  readonly stackName: string;
  readonly template: Template;
  /** Folders of the stack's assets by object key. */
  readonly assets: ReadonlyMap<string, string>;
}

/**
 * @throws AssemblyError when the folder is no assembly, holds another number of stacks than one, or its template uses
 *   sections that are not understood (`Transform` for instance)
 */
export function readAssembly(dir: string): Assembly {
  const manifest = parse(manifestSchema, join(dir, 'manifest.json'));
  const artifacts = Object.entries(manifest.artifacts);
  const stacks = artifacts.filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack');
  const [first] = stacks;
  if (first === undefined || stacks.length !== 1) {
    throw new AssemblyError(
      'Unsupported',
      `${dir} holds ${stacks.length} stacks (${stacks.map(([id]) => id).join(', ')}); one machine runs exactly one`,
    );
  }
  const [id, stack] = first;
  const assets = new Map<string, string>();
  for (const [, artifact] of artifacts) {
    if (artifact.type !== 'cdk:asset-manifest' || artifact.properties?.file === undefined) continue;
    const { files } = parse(assetsSchema, join(dir, artifact.properties.file));
    for (const file of Object.values(files)) {
      for (const { objectKey } of Object.values(file.destinations)) assets.set(objectKey, join(dir, file.source.path));
    }
  }
  const template = parse(templateSchema, join(dir, stack.properties?.templateFile ?? `${id}.template.json`));
  return { stackName: stack.properties?.stackName ?? id, template, assets };
}

function parse<T>(schema: z.ZodType<T>, file: string): T {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new AssemblyError('AssemblyMissing', `${file} cannot be read; synthesize the stack first (npx cdk synth)`, {
      cause,
    });
  }
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AssemblyError('Unsupported', `${file} is not understood: ${problems.join('; ')}`);
}
