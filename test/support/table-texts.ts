/** Everything in a table, as text: to show that something is not in it. */
import { TableClient } from '@azure/data-tables';

export async function tableTexts(connectionString: string, name: string): Promise<string[]> {
  const client = TableClient.fromConnectionString(connectionString, name, { allowInsecureConnection: true });
  const rows: string[] = [];
  for await (const row of client.listEntities()) rows.push(JSON.stringify(row));
  return rows;
}
