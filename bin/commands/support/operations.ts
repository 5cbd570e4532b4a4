/** The operations table of a deployment. */
import type { OperationsTable } from '../../../lib/adapters/aws/operations-table.ts';
import type { CommandContext } from './context.ts';

export const operationsTable = (context: CommandContext): OperationsTable => ({
  client: context.dynamodb(),
  table: context.names.table('operations'),
});
