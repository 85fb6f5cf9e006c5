/**
 * What Flex Consumption refuses, or ignores and will refuse: ARM answers 51021 "The following site configuration property (…)
 * for Flex Consumption sites is invalid", in newer regions first. Sources, read in November 2026:
 *   - Azure Functions, "App settings reference", section "Flex Consumption plan deprecations";
 *   - Azure/azure-cli#31414, microsoft/azure-pipelines-tasks#21032 and #22254: verbatim refusals;
 *   - Azure/terraform-azurerm-avm-res-web-site#283, #345, #353, #360 and its test of FC1: each property with its evidence.
 */

/** Of `siteConfig`, or of the site itself: ARM names them in both places. */
const properties = [
  'alwaysOn',
  'containerSize',
  'ftpsState',
  'functionAppScaleLimit',
  'functionsRuntimeScaleMonitoringEnabled',
  'isReserved',
  'isXenon',
  'javaContainer',
  'javaContainerVersion',
  'javaVersion',
  'linuxFxVersion',
  // For this one the evidence is mixed; scaling is configured elsewhere.
  'minimumElasticInstanceCount',
  'netFrameworkVersion',
  'nodeVersion',
  'phpVersion',
  'powerShellVersion',
  'preWarmedInstanceCount',
  'pythonVersion',
  'use32BitWorkerProcess',
  'windowsFxVersion',
  // No source proves that these are accepted, and the app does not need them.
  'scmIpSecurityRestrictions',
  'scmIpSecurityRestrictionsDefaultAction',
  'scmIpSecurityRestrictionsUseMain',
  'scmMinTlsVersion',
];

/** App settings. */
const settings = [
  'ENABLE_ORYX_BUILD',
  'FUNCTIONS_EXTENSION_VERSION',
  'FUNCTIONS_MAX_HTTP_CONCURRENCY',
  'FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED',
  'FUNCTIONS_WORKER_PROCESS_COUNT',
  'FUNCTIONS_WORKER_RUNTIME',
  'FUNCTIONS_WORKER_RUNTIME_VERSION',
  'SCM_DO_BUILD_DURING_DEPLOYMENT',
  'TZ',
  'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING',
  'WEBSITE_CONTENTOVERVNET',
  'WEBSITE_CONTENTSHARE',
  'WEBSITE_DNS_SERVER',
  'WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT',
  'WEBSITE_NODE_DEFAULT_VERSION',
  'WEBSITE_RUN_FROM_PACKAGE',
  'WEBSITE_SKIP_CONTENTSHARE_VALIDATION',
  'WEBSITE_TIME_ZONE',
  'WEBSITE_USE_PLACEHOLDER_DOTNETISOLATED',
  'WEBSITE_VNET_ROUTE_ALL',
];

export const refusedByFlexConsumption = { properties, settings };

const refused = new Set([...properties, ...settings].map((name) => name.toLowerCase()));

/**
 * @param site a resource of type Microsoft.Web/sites, compiled or rendered
 * @returns every name of a property and of an app setting in it that is refused; also within expressions of ARM
 */
export function refusedIn(site: unknown): string[] {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value === 'string') {
      // createObject('name', 'FUNCTIONS_WORKER_RUNTIME', …) and createObject('ftpsState', …).
      const written = value.replaceAll(/(parameters|variables)\('\w+'\)/g, '');
      for (const [, name = ''] of written.matchAll(/'(\w+)'/g)) if (refused.has(name.toLowerCase())) found.add(name);
      if (refused.has(value.toLowerCase())) found.add(value);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        if (refused.has(name.toLowerCase())) found.add(name);
        look(inner);
      }
    }
  };
  look(site);
  return [...found].sort();
}
