/**
 * The names of all settings, to find a mistyped one. The platform sets a hundred variables of its own, so an unknown
 * name is no fault; one that is nearly ours is most likely a typing error.
 */
import { changesBetween } from '../core/runtime/nearest.ts';

export const settingNames = [
  'REGISTRIES',
  'WEBHOOK_SECRETS',
  'AzureWebJobsStorage',
  'AzureWebJobsStorage__accountName',
  'AzureWebJobsStorage__tableServiceUri',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__clientId',
  'EVENT_GRID_TOPIC_ENDPOINT',
  'EVENT_GRID_TOPIC_KEY',
  'DELAYED_AFTER_SECONDS',
  'PROBE_AFTER_SECONDS',
  'RETENTION_DAYS',
  'WEBHOOK_MANAGEMENT',
  'PUBLIC_URL',
  'ARM_ENDPOINT',
  'FORWARD_WEBHOOKS',
  'CALLBACK_ORIGINS',
  'CALLBACK_KEY',
  'GITHUB_WEBHOOK_SECRET',
  'GITHUB_APP_ID',
  'GITHUB_APP_PRIVATE_KEY',
  'GITHUB_IMAGE_TEMPLATE',
] as const;

/** @returns a line for each variable whose name differs from a setting by one letter or only by case */
export function nearMisses(environment: Readonly<Record<string, string | undefined>>): string[] {
  const ours: readonly string[] = settingNames;
  return Object.keys(environment).flatMap((name) => {
    if (ours.includes(name)) return [];
    const meant = ours.find((one) => changesBetween(name.toLowerCase(), one.toLowerCase()) <= 1);
    // Windows finds a variable in any letter case.
    const isRead = meant?.toLowerCase() === name.toLowerCase() && environment[meant] === environment[name];
    return meant === undefined || isRead ? [] : [`${name}: is not read; the nearest setting is ${meant}`];
  });
}
