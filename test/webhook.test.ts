import { Chart, Testing } from 'cdk8s';
import { HomeLoadBalancerProps, WebhookPolicy } from '../src';
import { balancer } from './util';
import { PATHS } from '../speaker/src/admission/kinds';

function made(props: HomeLoadBalancerProps = {}) {
  const chart = Testing.chart();
  balancer(chart, { addresses: ['10.0.0.1'], ...props }).addNetworkPolicy();
  const objects = Testing.synth(chart);
  const one = (kind: string, name?: RegExp) => objects.find((object) => object.kind === kind && (name ?? /./).test(object.metadata.name));
  return {
    service: one('Service', /^metallb-webhook-service$/),
    configuration: one('ValidatingWebhookConfiguration'),
    container: one('Deployment').spec.template.spec.containers[0],
    pod: one('Deployment').spec.template.metadata,
    policy: one('NetworkPolicy').spec,
  };
}

test('the API server asks the controller about every kind, under MetalLB\'s names', () => {
  const { configuration } = made();
  expect(configuration.metadata.name).toBe('metallb-webhook-configuration');
  expect(configuration.webhooks.map(({ name }: any) => name)).toEqual([
    'bfdprofilevalidationwebhook.metallb.io', 'bgpadvertisementvalidationwebhook.metallb.io', 'bgppeervalidationwebhook.metallb.io',
    'communityvalidationwebhook.metallb.io', 'ipaddresspoolvalidationwebhook.metallb.io', 'l2advertisementvalidationwebhook.metallb.io',
  ]);
  for (const webhook of configuration.webhooks) {
    expect(webhook).toMatchObject({ admissionReviewVersions: ['v1'], failurePolicy: 'Ignore', sideEffects: 'None', timeoutSeconds: 5 });
    expect(webhook).not.toHaveProperty('namespaceSelector'); // what is made in another namespace by mistake is refused
    expect(webhook.clientConfig).not.toHaveProperty('caBundle'); // the controller's: an apply must not take it away
  }
});

test('the program answers under every path that is asked, about the kind that is meant', () => {
  const { configuration } = made();
  expect(configuration.webhooks.map(({ clientConfig }: any) => clientConfig.service.path).sort()).toEqual([...PATHS.keys()].sort());
  for (const { clientConfig: { service }, rules: [{ resources, apiVersions, operations }] } of configuration.webhooks) {
    const plural = `${PATHS.get(service.path)!.toLowerCase()}s`.replace(/ys$/, 'ies');
    expect([resources, service.path.includes(apiVersions[0])]).toEqual([[plural], true]);
    expect(operations).toEqual(['CREATE', 'UPDATE', ...plural === 'bfdprofiles' ? ['DELETE'] : []]);
  }
});

test('its way leads to the controller\'s pods', () => {
  const { configuration, service, container, pod, policy } = made();
  expect(configuration.webhooks[0].clientConfig.service).toMatchObject({ name: service.metadata.name, namespace: service.metadata.namespace });
  expect(service.spec.ports).toEqual([{ name: 'webhook', port: 443, targetPort: 9443 }]);
  expect(pod.labels).toMatchObject(service.spec.selector);
  expect(container.ports).toContainEqual({ name: 'webhook', containerPort: 9443 });
  expect(policy.ingress[0].ports).toContainEqual({ protocol: 'TCP', port: 9443 });
  expect(container.args).toEqual(['controller', '--log-level=info']);
});

test('it can be made binding', () => {
  expect(made({ webhookPolicy: WebhookPolicy.FAIL }).configuration.webhooks.map(({ failurePolicy }: any) => failurePolicy)).toEqual(Array(6).fill('Fail'));
});

test('it can be left out', () => {
  const { configuration, service, container, policy } = made({ webhookPolicy: WebhookPolicy.NONE });
  expect([configuration, service]).toEqual([undefined, undefined]);
  expect(container.args).toEqual(['controller', '--log-level=info', '--webhook-mode=disabled']);
  expect(container.ports.map(({ containerPort }: any) => containerPort)).toEqual([9120, 17472]);
  expect(policy.ingress[0].ports).not.toContainEqual({ protocol: 'TCP', port: 9443 });
});

describe('of two load balancers', () => {
  const two = (webhookPolicy?: WebhookPolicy): Chart => {
    const chart = Testing.chart();
    balancer(chart, { addresses: ['10.0.0.1'] });
    balancer(chart, { addresses: ['10.1.0.0/24'], namespace: 'other', loadBalancerClass: 'other', webhookPolicy }, 'other');
    return chart;
  };

  test('only one has it, and it leaves the objects of the other alone', () => {
    const configuration = Testing.synth(two(WebhookPolicy.NONE)).find(({ kind }) => kind === 'ValidatingWebhookConfiguration');
    for (const { namespaceSelector } of configuration.webhooks) expect(namespaceSelector).toEqual({ matchLabels: { 'kubernetes.io/metadata.name': 'metallb-system' } });
  });

  test('both cannot have it', () => {
    expect(() => Testing.synth(two(WebhookPolicy.FAIL))).toThrow(/\[test\/other\] defines the same webhook as test\/lb, for a cluster has one: pass webhookPolicy: WebhookPolicy.NONE/);
  });
});
