/** The table of what runs on one machine, made from the same list that the runtime decides by. */
import { resourceTypes } from './resource-types.ts';
import { leaves, members } from './shapes.ts';

/** Markdown of docs/generated/local-support.md. */
export function supportTable(): string {
  const types = [...resourceTypes.values()].sort((a, b) => (a.type < b.type ? -1 : 1));
  const running = types.flatMap((type) => {
    if (type.behaviour !== 'run') return [];
    const all = leaves(members(type.properties ?? {}));
    const effective = all.filter(([, reason]) => reason === undefined).map(([path]) => `\`${path}\``);
    const idle = all.filter(([, reason]) => reason !== undefined).map(([path, reason]) => `\`${path}\`: ${reason}`);
    return [`| \`${type.type}\` | ${effective.join(', ')} | ${idle.join('; ') || '–'} |`];
  });
  const passive = types.flatMap((type) =>
    type.behaviour === 'run' ? [] : [`| \`${type.type}\` | ${type.behaviour.none} |`],
  );
  return [
    '# What runs on one machine',
    '',
    'Generated from the list that the runtime itself decides by. Any other resource type, and any other property of a',
    'type that runs, stops the start with its logical id.',
    '',
    '## Resources that run',
    '| type | properties with their effect | properties without effect, and why |',
    '|---|---|---|',
    ...running,
    '',
    '## Resources that rightly do nothing here',
    '| type | why |',
    '|---|---|',
    ...passive,
    '',
    '## Intrinsic functions',
    '`Ref`, `Fn::GetAtt`, `Fn::Sub`, `Fn::Join`, `Fn::Select`, `Fn::Split`, `Fn::If`, `Fn::FindInMap`, `Fn::Base64`; in',
    'conditions also `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not`. Pseudo parameters all. Not `Fn::ImportValue`,',
    '`Fn::Transform`, `Fn::GetAZs`, `Fn::Cidr`, nor dynamic references.',
    '',
  ].join('\n');
}
