import { Chart, Testing } from 'cdk8s';
import { balancer, manifests } from './util';

let chart: Chart;
beforeEach(() => {
  chart = Testing.chart();
  balancer(chart, { addresses: ['10.0.0.1'] });
});

/** `resource: verbs`, with the group before and the name of an object behind, where there is one. */
function permissions(kind: string, name: string): string[] {
  return manifests(chart, kind).find(({ metadata }) => metadata.name === name).rules.flatMap(({ apiGroups, resources, resourceNames, verbs }: any) =>
    resources.map((resource: string) => `${apiGroups[0]}/${resource}${resourceNames ? `/${resourceNames}` : ''}: ${verbs.join(' ')}`)).sort();
}

const READ = 'get list watch';
const CONFIGURATION = ['bfdprofiles', 'bgpadvertisements', 'bgppeers', 'communities', 'ipaddresspools', 'l2advertisements'];
const COMMON = [
  '/pods: get',
  ...CONFIGURATION.map((resource) => `metallb.io/${resource}: ${READ}`),
  'metallb.io/configurationstates/status: get create patch',
  `metallb.io/configurationstates: ${READ} create patch`,
];

const REVIEWS = ['authentication.k8s.io/tokenreviews: create', 'authorization.k8s.io/subjectaccessreviews: create'];

test.each([
  ['ClusterRole', 'metallb-system:controller', [
    ...REVIEWS, '/events: create patch', `/namespaces: ${READ}`, '/services/status: patch', `/services: ${READ}`, `/nodes: ${READ}`,
    `admissionregistration.k8s.io/validatingwebhookconfigurations/metallb-webhook-configuration: ${READ} patch`,
  ]],
  ['Role', 'controller', [
    ...COMMON,
    '/configmaps: create',
    '/configmaps/home-load-balancer-reservations: get patch',
    '/secrets: create',
    `/secrets/metallb-webhook-cert: ${READ} patch`,
    'coordination.k8s.io/leases: create',
    'coordination.k8s.io/leases/home-load-balancer-controller: get patch',
    'metallb.io/ipaddresspools/status: patch',
  ]],
  ['ClusterRole', 'metallb-system:speaker', [
    ...REVIEWS, '/events: create patch', `/nodes: ${READ}`, `/services: ${READ}`, '/services/status: patch', `discovery.k8s.io/endpointslices: ${READ}`,
  ]],
  ['Role', 'speaker', [
    ...COMMON,
    `/secrets/home-load-balancer-heartbeat: ${READ}`,
    'metallb.io/servicel2statuses/status: patch',
    `metallb.io/servicel2statuses: ${READ} create delete`,
  ]],
])('%s %s allows exactly what the program does', (kind, name, expected) => {
  expect(permissions(kind, name)).toEqual([...expected].sort());
});

test('nothing is allowed on everything', () => {
  const rules = ['ClusterRole', 'Role'].flatMap((kind) => manifests(chart, kind)).flatMap((role) => role.rules);
  for (const { apiGroups, resources, verbs } of rules) expect([...apiGroups, ...resources, ...verbs]).not.toContain('*');
});

test.each(['controller', 'speaker'])('%s runs under a service account of its name, bound to its roles', (role) => {
  const subjects = [{ kind: 'ServiceAccount', name: role, namespace: 'metallb-system' }];
  const apiGroup = 'rbac.authorization.k8s.io';
  expect(manifests(chart, 'ClusterRoleBinding')).toContainEqual(expect.objectContaining({
    roleRef: { apiGroup, kind: 'ClusterRole', name: `metallb-system:${role}` }, subjects,
  }));
  expect(manifests(chart, 'RoleBinding')).toContainEqual(expect.objectContaining({ roleRef: { apiGroup, kind: 'Role', name: role }, subjects }));
  const pods = [...manifests(chart, 'Deployment'), ...manifests(chart, 'DaemonSet')].filter(({ metadata }) => metadata.name === role);
  expect(pods.map(({ spec }) => spec.template.spec)).toMatchObject([{ serviceAccountName: role, automountServiceAccountToken: true }]);
});
