/** What is in yaml.mjs, which scripts/third-party.ts makes. */
export { parseAllDocuments } from 'yaml';
