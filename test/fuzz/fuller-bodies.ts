/**
 * Bodies that the document describes loosely, because another product defines them, or because not all of their fields
 * go together: what is really sent. From the loose description alone every request would be refused at the first check.
 */
import type { JsonSchema } from './description.ts';

const text: JsonSchema = { type: 'string' };

function object(properties: Record<string, JsonSchema>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** The day with most deliveries: a request may ask for one day only. */
const instant = (time: string): JsonSchema => ({ type: 'string', enum: [`2026-06-01${time}`] });

const question: JsonSchema = {
  type: 'object',
  properties: { image: text, regions: text, require: text, timeout: { type: 'string' } },
  required: ['image'],
};

const images: JsonSchema = {
  type: 'object',
  properties: {
    images: { anyOf: [{ type: 'array', items: text }, text] },
    regions: text,
    require: text,
    timeout: text,
  },
  required: ['images', 'timeout'],
};

/** Bodies that get through more often than those of the description, where everything may be left out. */
export const fullerBodies: Readonly<Record<string, JsonSchema>> = {
  'POST /api/webhooks/{registry}/{region}': object({
    id: text,
    timestamp: text,
    action: { type: 'string', enum: ['push', 'push', 'push', 'push', 'delete', 'ping', 'quarantine'] },
    target: {
      type: 'object',
      properties: { digest: text, repository: text, tag: text, mediaType: text },
      required: ['digest', 'repository'],
    },
  }),
  'POST /api/events/replay': {
    anyOf: [
      object({ image: text }),
      object({ registry: text, since: instant('T00:00:00Z'), until: instant('T23:59:59Z') }),
      object({ registry: text, since: text, until: text }),
    ],
  },
  'POST /api/availability': images,
  'POST /api/wait': images,
  'PUT /api/releases/{name}': object({ images: { type: 'array', items: text } }),
  'POST /api/checks/azure-pipelines': question,
  'POST /api/checks/github': object({
    action: { type: 'string', enum: ['requested', 'requested', 'requested', 'other'] },
    environment: text,
    deployment_callback_url: text,
    deployment: object({ sha: text, ref: text, payload: { anyOf: [question, text] } }),
    repository: object({ full_name: text }),
    installation: object({ id: { type: 'integer' } }),
  }),
  'POST /api/service-health/{registry}': object({
    schemaId: { type: 'string', enum: ['azureMonitorCommonAlertSchema'] },
    data: object({
      essentials: object({
        monitoringService: { type: 'string', enum: ['ServiceHealth', 'Resource Health'] },
        firedDateTime: { ...text, format: 'date-time' },
        monitorCondition: { type: 'string', enum: ['Fired', 'Resolved'] },
      }),
      alertContext: object({
        eventTimestamp: { ...text, format: 'date-time' },
        status: { type: 'string', enum: ['Active', 'Resolved'] },
        properties: object({
          incidentType: { type: 'string', enum: ['Incident', 'Maintenance'] },
          trackingId: { type: 'string', enum: ['0X0-ABC', 'FUZZ-1'] },
          title: text,
          impactStartTime: { ...text, format: 'date-time' },
          impactedServices: {
            type: 'string',
            enum: ['[{"ImpactedRegions":[{"RegionName":"East US"}],"ServiceName":"Container Registry"}]', '[]', '{'],
          },
        }),
      }),
    }),
  }),
};
