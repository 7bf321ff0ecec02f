/** One step of the schema. Once released it never changes: a later one corrects it. */
export interface Migration {
  version: number;
  name: string;
  sql: string;
}
