/**
 * The part of Azure DevOps that a check uses. It has plans that wait for a task, accepts lines of progress for their
 * records and the one event that ends them, and is as strict as the documentation: another path, version, header or
 * field is a breach. A plan that has ended answers 500, as the service does.
 */
import type { Answer, Seen, Service } from './stand-in-service.ts';
import { startService, wrongHeader } from './stand-in-service.ts';

export interface Plan {
  readonly organization: string;
  readonly projectId: string;
  readonly hubName: string;
  readonly planId: string;
  readonly jobId: string;
  readonly timelineId: string;
  readonly taskInstanceId: string;
  readonly token: string;
}

export interface AzureDevOps extends Service {
  /** A check waits for its verdict. @returns the headers that Azure Pipelines would send */
  wait(plan?: Partial<Plan>): { readonly plan: Plan; readonly headers: Record<string, string> };
  results(plan: Plan): string[];
  lines(plan: Plan): string[];
}

const endedBody = {
  $id: '1',
  innerException: null,
  message: 'The orchestration session a_b_c was not found for hub checks.',
  typeName: 'Microsoft.VisualStudio.Services.Orchestration.Server.OrchestrationSessionNotFoundException',
  typeKey: 'OrchestrationSessionNotFoundException',
  errorCode: 0,
  eventId: 3000,
};
export const ended: Answer = { status: 500, body: JSON.stringify(endedBody) };

export async function startAzureDevOps(): Promise<AzureDevOps> {
  const plans: { plan: Plan; results: string[]; lines: string[] }[] = [];
  const find = (plan: Plan) => plans.find((one) => one.plan.planId === plan.planId);

  function follow(seen: Seen, breach: (what: string, status?: number) => Answer): Answer {
    const waiting = plans.find(({ plan }) => seen.path.includes(`/plans/${plan.planId}/`));
    if (waiting === undefined) return { status: 404, body: '{"typeKey":"TaskOrchestrationPlanNotFoundException"}' };
    const { plan, results, lines } = waiting;
    if (seen.method !== 'POST') return breach('only POST', 405);
    if (seen.headers.authorization !== `Bearer ${plan.token}`) return breach('the token of another plan', 401);
    const wrong = wrongHeader(seen, { 'content-type': 'application/json' });
    if (wrong !== undefined) return breach(wrong, 415);
    const base = `/${plan.organization}/${plan.projectId}/_apis/distributedtask/hubs/${plan.hubName}/plans/${plan.planId}`;
    if (seen.path === `${base}/timelines/${plan.timelineId}/records/${plan.jobId}/feed?api-version=4.1`) {
      const { value } = JSON.parse(seen.body) as { value: string[] };
      const [line = ''] = value;
      if (seen.body !== JSON.stringify({ value: [line], count: 1 }) || /[\r\n]/.test(line))
        return breach('a strange line');
      lines.push(line);
      return { status: 200, body: '' };
    }
    if (seen.path !== `${base}/events?api-version=2.0-preview.1`) return breach('no such path', 404);
    if (results.length > 0) return ended;
    for (const result of ['succeeded', 'failed']) {
      const event = { name: 'TaskCompleted', taskId: plan.taskInstanceId, jobId: plan.jobId, result };
      if (seen.body !== JSON.stringify(event)) continue;
      results.push(result);
      return { status: 204 };
    }
    return breach('no such event');
  }

  const service = await startService(follow);
  const guid = (kind: number) => `0000000${kind}-0000-4000-8000-${String(plans.length).padStart(12, '0')}`;
  return Object.assign(service, {
    wait(changes: Partial<Plan> = {}) {
      const plan: Plan = {
        organization: 'contoso',
        projectId: guid(1),
        hubName: 'checks',
        planId: guid(2),
        jobId: guid(3),
        timelineId: guid(4),
        taskInstanceId: guid(5),
        token: `azure-devops-token-${plans.length}-${crypto.randomUUID()}`,
        ...changes,
      };
      plans.push({ plan, results: [], lines: [] });
      const headers = {
        'content-type': 'application/json',
        PlanUrl: `${service.origin}/${plan.organization}/`,
        ProjectId: plan.projectId,
        HubName: plan.hubName,
        PlanId: plan.planId,
        JobId: plan.jobId,
        TimelineId: plan.timelineId,
        TaskInstanceId: plan.taskInstanceId,
        AuthToken: plan.token,
      };
      return { plan, headers };
    },
    results: (plan: Plan) => find(plan)?.results ?? [],
    lines: (plan: Plan) => find(plan)?.lines ?? [],
  });
}
